"""The command line: one module per command group."""

import typer

from obmen.cli import app, epoch, imports, inspect, run, sandbox
from obmen.cli.demo import demo
from obmen.cli.example import example_config

cli = typer.Typer(
    name="obmen",
    help="Keeps a 1C-Bitrix shop in step with the systems around it · Держит магазин в согласии с учётными системами",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(run.check)
cli.command()(run.run)
cli.command("import")(imports.import_)
cli.command()(run.reconcile)
cli.command()(run.pause)
cli.command()(run.resume)
cli.add_typer(epoch.group, name="epoch")
cli.command()(example_config)
cli.command()(inspect.inspect)
cli.command()(sandbox.sandbox)
cli.command()(demo)


def main() -> None:
    """Run the command line."""
    cli()


__all__ = ["app", "cli", "main"]
