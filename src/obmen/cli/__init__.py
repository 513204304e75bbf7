"""The command line: one module per command group."""

import typer

from obmen.cli import (
    adopt,
    alerts,
    app,
    audit,
    epoch,
    exchange_log,
    imports,
    inspect,
    issues,
    linking,
    mapping,
    orders,
    planning,
    run,
    sandbox,
    show,
)
from obmen.cli.demo import demo
from obmen.cli.example import example_config
from obmen.cli.helps import spoken

cli = typer.Typer(
    name="obmen",
    help="Keeps a 1C-Bitrix shop in step with 1C and the systems around it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(run.check)
cli.command()(run.run)
cli.command("import")(imports.import_)
cli.command()(adopt.adopt)
cli.command()(planning.plan)
cli.command()(planning.apply)
cli.command()(show.show)
cli.command()(issues.issues)
cli.command()(orders.orders)
cli.command()(alerts.alerts)
cli.command()(exchange_log.log)
for act in (
    linking.bind,
    linking.unbind,
    linking.merge,
    linking.split,
    linking.choose,
    linking.hold,
    linking.release,
):
    cli.command()(act)
cli.add_typer(mapping.group, name="mapping")
cli.command()(audit.audit)
cli.command()(run.reconcile)
cli.command()(run.pause)
cli.command()(run.resume)
cli.command()(run.trust)
cli.add_typer(epoch.group, name="epoch")
cli.command()(example_config)
cli.command()(inspect.inspect)
cli.command()(sandbox.sandbox)
cli.command()(demo)


def main() -> None:
    """Run the command line in the operator's language."""
    spoken(cli, app.speaks())()


__all__ = ["app", "cli", "main"]
