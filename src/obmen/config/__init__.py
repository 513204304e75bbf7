"""The configuration file: read, checked as a whole, and turned into values the hub works with."""

from obmen.config.alerts import Alerts
from obmen.config.conditions import parse_condition
from obmen.config.connections import Configured, Timed
from obmen.config.example import Exemplary, example_config
from obmen.config.faults import Complaint, Fault, FaultyConfig
from obmen.config.file import Config, load_config, parse_config
from obmen.config.functions import PythonRule
from obmen.config.owners import Dated
from obmen.config.reference import settings_reference
from obmen.config.schedule import Cadence, Cron, Every, Window, is_open
from obmen.config.tables import Guards, Hub, Offer

__all__ = [
    "Alerts",
    "Cadence",
    "Complaint",
    "Config",
    "Configured",
    "Cron",
    "Dated",
    "Every",
    "Exemplary",
    "Fault",
    "FaultyConfig",
    "Guards",
    "Hub",
    "Offer",
    "PythonRule",
    "Timed",
    "Window",
    "example_config",
    "is_open",
    "load_config",
    "parse_condition",
    "parse_config",
    "settings_reference",
]
