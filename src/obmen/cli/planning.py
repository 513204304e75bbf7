"""`obmen plan` and `obmen apply`: what would be written, shown first; and then that, and nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from obmen.cli.app import DEFAULT_CONFIG, ConfigPath, errors, say, screen, speaks, told, word
from obmen.cli.configured import configured, known, opened
from obmen.cli.speech import Speech, speech, titles_of
from obmen.connectors.contract import Door
from obmen.engine.hub import Bindings, Hub, view_of
from obmen.engine.planning import Applied, acquaint, apply_plan, carry_out, is_kept, make_plan, planned
from obmen.errors import AuthFailed, BadInput, ObmenError
from obmen.language import counted
from obmen.ledger.contract import WAITING, Delivery, Tx
from obmen.model import ENTITIES
from obmen.sync.plan import PlannedStep, digest, effects
from obmen.sync.reasons import Reason
from obmen.sync.shadow import Blocked, OneOf, Wire

SHOWN = 10
FIELDS = 4
NAMED = 3
EFFECTS = {
    "buyer_mail": ("писем покупателям", "mails to buyers"),
    "receipt": ("чеков", "fiscal receipts"),
    "deduction": ("списаний со склада", "deductions of stock"),
    "robot": ("запусков роботов", "robots started"),
}
STEPS = (("изменение", "изменения", "изменений"), ("step", "steps"))


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of one connection and all that is needed to tell it."""

    connection: str
    steps: tuple[PlannedStep, ...]
    rows: dict[int, Delivery]
    speech: Speech

    @property
    def digest(self) -> str:
        """What stands for exactly these steps."""
        return digest(self.steps)


# --- plan ---------------------------------------------------------------------------------------------------------


@told
def plan(
    connection: Annotated[
        str, typer.Argument(help="Connection; all without it · подключение, иначе все")
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every step · все изменения")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs · для программ")] = False,
) -> None:
    """Show what would be written where, and why; nothing is written."""
    settings = configured(config)
    with opened(settings) as (hub, _):
        names = [known(hub, connection)] if connection else written_to(hub)
        plans = asyncio.run(_plans(hub, names, speech(settings.zone, whole=everything), quiet=as_json))
        if as_json:
            sys.stdout.write(json.dumps({"plans": [_json(one) for one in plans]}, ensure_ascii=False) + "\n")
            return
        for one in plans:
            _show(hub, one, everything=everything)


def written_to(hub: Hub) -> list[str]:
    """Return the connections that receive anything."""
    return [
        name for name in hub.connections if any(topology.reader(name) for topology in hub.topologies.values())
    ]


async def _plans(hub: Hub, names: Sequence[str], speaker: Speech, *, quiet: bool) -> list[Shown]:
    plans = []
    for name in names:
        await _acquaint(hub, name, quiet=quiet)
        plans.append(await hub.ledger.run(lambda tx, name=name: _plan(tx, hub, name, speaker)))  # type: ignore[misc]
        await hub.connections[name].close()
    return plans


async def meet(hub: Hub) -> None:
    """Let every connection that is written to learn its system's dictionaries; one that does not answer is named."""
    for name in written_to(hub):
        await _acquaint(hub, name)
        await hub.connections[name].close()


async def _acquaint(hub: Hub, name: str, *, quiet: bool = False) -> None:
    try:
        await acquaint(hub, name)
    except ObmenError as error:
        if not quiet:
            text = word(
                "спросить не удалось, считаем по тому, что известно",
                "could not be asked; what is known counts",
            )
            errors.print(
                f"{name}: {text}. {error.text(speaks())}", style="yellow", markup=False, soft_wrap=True
            )


def _plan(tx: Tx, hub: Hub, name: str, speaker: Speech) -> Shown:
    steps = make_plan(tx, hub, name)
    records = tx.records([step.record for step in steps])
    return Shown(
        connection=name,
        steps=steps,
        rows=tx.deliveries(name, list(records)),
        speech=msgspec.structs.replace(speaker, titles=titles_of(tx, list(records.values()))),
    )


def _show(hub: Hub, plan: Shown, *, everything: bool) -> None:
    waiting = sum(not step.fields for step in plan.steps)
    if waiting == len(plan.steps):
        say(f"{plan.connection}: записывать нечего.", f"{plan.connection}: nothing to write.")
        _waiting(plan, waiting)
        return
    speaker = plan.speech
    screen.print(f"{plan.connection}", style="bold", markup=False)
    screen.print(_totals(plan))
    written = [step for step in plan.steps if step.fields]
    shown = written if everything else written[:SHOWN]
    for step in shown:
        _step(hub, step, plan)
    if len(written) > len(shown):
        left = len(written) - len(shown)
        say(f"  … и ещё {left}: --all", f"  … and {left} more: --all")
    _waiting(plan, sum(step.gated for step in plan.steps))
    screen.print(_effects(plan.steps, speaker), markup=False)
    say(
        f"Записать именно это: obmen apply {plan.digest}",
        f"To write exactly this: obmen apply {plan.digest}",
    )


def _waiting(plan: Shown, waiting: int) -> None:
    """Tell what a plan does not write: what waits for the condition of its first delivery, and what for a mapping."""
    gated = [step for step in plan.steps if step.gated]
    if gated:
        named = ", ".join(f"«{step.title}»" for step in gated[:NAMED]) + (" …" if len(gated) > NAMED else "")
        say(
            f"Ждут условия первой отправки (when): {len(gated)}: {named}",
            f"Wait for the condition of their first delivery (when): {len(gated)}: {named}",
        )
    if waiting > len(gated):
        left = waiting - len(gated)
        say(f"Ждут: {left}, см. obmen issues.", f"Waiting: {left}, see obmen issues.")


def _totals(plan: Shown) -> Table:
    speaker = plan.speech
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("")
    for heading in (
        speaker.say("создать", "create"),
        speaker.say("изменить", "update"),
        speaker.say("ждёт", "waits"),
        speaker.say("придержано", "held"),
    ):
        table.add_column(heading, justify="right")
    for entity in ENTITIES:
        here = [step for step in plan.steps if step.entity == entity]
        if here:
            counts = _counts(here)
            held = sum(_is_kept(plan, step) for step in here)
            numbers = (counts["create"], counts["update"], counts["wait"], held)
            table.add_row(speaker.entity(entity), *map(str, numbers))
    return table


def _counts(steps: Sequence[PlannedStep]) -> Counter[str]:
    return Counter("wait" if not step.fields else "create" if step.creates else "update" for step in steps)


def _is_kept(plan: Shown, step: PlannedStep) -> bool:
    row = plan.rows.get(step.record)
    return row is not None and is_kept(row)


def _step(hub: Hub, step: PlannedStep, plan: Shown) -> None:
    speaker = plan.speech
    sign = "+" if step.creates else "~"
    ref = "" if step.ref is None else f" ({step.ref})"
    row = plan.rows.get(step.record)
    kept = f" — {speaker.reason(row.reason)}" if row is not None and is_kept(row) else ""
    screen.print(
        f"  {sign} {speaker.entity(step.entity)} «{step.title}»{ref}{kept}", markup=False, soft_wrap=True
    )
    names = list(step.reasons)
    for name in names if speaker.whole else names[:FIELDS]:
        screen.print(f"      {_difference(hub, step, name, speaker)}", markup=False, soft_wrap=True)
    if len(names) > FIELDS and not speaker.whole:
        rest = ", ".join(speaker.field(name) for name in names[FIELDS:])
        screen.print(f"      {speaker.say('и ещё', 'and')} {rest}", markup=False, soft_wrap=True, style="dim")


def _difference(hub: Hub, step: PlannedStep, name: str, speaker: Speech) -> str:
    field, why = speaker.field(name), speaker.reason(step.reasons[name])
    if name not in step.fields:
        return f"{field} — {why}"
    after = _value(hub, step, name, step.fields[name], speaker)
    if step.creates:
        return f"{field}: {after}"
    before = step.before.get(name)
    came, gone = step.fields[name] is not None, before is not None
    old = _value(hub, step, name, before, speaker) if gone else speaker.nothing()
    return f"{field}: {old} → {after if came else speaker.nothing()} — {why}"


def _value(hub: Hub, step: PlannedStep, name: str, wire: Wire, speaker: Speech) -> str:
    """Print a value of that system; ids of partners stay as they are there."""
    atom = ENTITIES[step.entity].atom(name)
    if atom.partner is not None and atom.inside is None:
        return speaker.value("", wire)
    view = view_of(hub, step.connection, step.entity, Bindings())
    decoded = view.codec.decode(name, wire)
    return speaker.value(name, wire if isinstance(decoded, Blocked | OneOf) else decoded)


def _effects(steps: Sequence[PlannedStep], speaker: Speech) -> str:
    found = effects(tuple(steps))
    names = [*EFFECTS, *(name for name in found if name not in EFFECTS)]
    listed = ", ".join(f"{speaker.pick(EFFECTS.get(name, (name, name)))}: {found[name]}" for name in names)
    return speaker.say(f"Необратимое: {listed}", f"Cannot be undone: {listed}")


def _json(plan: Shown) -> dict[str, object]:
    return {
        "connection": plan.connection,
        "digest": plan.digest,
        "create": _counts(plan.steps)["create"],
        "update": _counts(plan.steps)["update"],
        "wait": _counts(plan.steps)["wait"],
        "held": sum(_is_kept(plan, step) for step in plan.steps),
        "effects": {**dict.fromkeys(EFFECTS, 0), **effects(plan.steps)},
        "steps": [msgspec.to_builtins(step) for step in plan.steps],
    }


# --- apply --------------------------------------------------------------------------------------------------------


@told
def apply(
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="Of a plan · код плана из obmen plan")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write the steps of a plan that still hold; what has moved since is listed and left alone."""
    settings = configured(config)
    with opened(settings) as (hub, alone):
        with hub.ledger.begin() as tx:
            steps = planned(tx, digest)
        if steps is None:
            raise BadInput(
                "cli.no_such_plan",
                f"There is no plan «{digest}»; make one: obmen plan.",
                f"Плана «{digest}» нет; составьте новый: obmen plan.",
            )
        done = asyncio.run(_apply(hub, digest, steps, speech(settings.zone), alone=alone))
    if not done:
        raise typer.Exit(1)


async def _apply(hub: Hub, asked: str, steps: Sequence[PlannedStep], speaker: Speech, *, alone: bool) -> bool:
    names = sorted({step.connection for step in steps})
    try:
        for name in names:
            await _acquaint(hub, name)
        applied = await hub.ledger.run(lambda tx: apply_plan(tx, hub, asked))
        if applied is None:  # pragma: no cover (looked up by the caller)
            return False
        _report(applied, speaker)
        if not alone:
            say("Обмен запущен: он и запишет.", "The hub is running: it writes them.")
            return True
        return all([await _deliver(hub, name, applied, speaker) for name in names])
    finally:
        for name in names:
            await hub.connections[name].close()


def _report(applied: Applied, speaker: Speech) -> None:
    released = counted(len(applied.released), speaker.language, ru=STEPS[0], en=STEPS[1])
    say(f"К записи: {released}.", f"To be written: {released}.")
    if applied.moved:
        say(
            f"Изменилось после плана и не пишется: {len(applied.moved)}; новый план: obmen plan.",
            f"Moved since the plan and not written: {len(applied.moved)}; a new plan: obmen plan.",
        )
        _names(applied.moved)
    if applied.kept:
        say(f"Придержано другим: {len(applied.kept)}.", f"Held by something else: {len(applied.kept)}.")
        for why, count in Counter(row.reason for _, row in applied.kept).items():
            screen.print(f"  {speaker.reason(why)}: {count}", markup=False)


def _names(steps: Sequence[PlannedStep]) -> None:
    for step in steps[:SHOWN]:
        screen.print(f"  «{step.title}»", markup=False, soft_wrap=True)
    if len(steps) > SHOWN:
        say(f"  … и ещё {len(steps) - SHOWN}", f"  … and {len(steps) - SHOWN} more")


async def _deliver(hub: Hub, name: str, applied: Applied, speaker: Speech) -> bool:
    steps = [step for step in applied.released if step.connection == name]
    if not steps:
        return True
    if isinstance(hub.connections[name], Door):
        say(f"{name}: {Reason.TO_BE_TAKEN.ru}.", f"{name}: {Reason.TO_BE_TAKEN.en}.")
        return True
    state, reason = await hub.ledger.run(lambda tx: tx.state_of(name))
    if state != "active":
        reason = speaker.reason(reason)
        say(
            f"{name}: обмен приостановлен ({reason}); запишет после obmen resume {name} и obmen run.",
            f"{name} is paused ({reason}); written after obmen resume {name} and obmen run.",
        )
        return False
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        console=errors,
    )
    with bar:
        task = bar.add_task(f"{word('Запись в', 'Writing to')} {name}", total=len(steps))
        try:
            left = await carry_out(hub, name, steps, lambda done: bar.update(task, completed=done))
        except ObmenError as error:
            await _stopped(hub, name, error)
            return False
        bar.update(task, completed=len(steps) - len(left))
    return _summary(name, len(steps), left, speaker)


async def _stopped(hub: Hub, name: str, error: ObmenError) -> None:
    if isinstance(error, AuthFailed):
        with suppress(ObmenError):
            await hub.ledger.run(lambda tx: tx.put_state(name, "paused", error.en))
    errors.print(
        f"{name}: {error.text(speaks())} "
        + word(
            "Остальное допишет obmen run или тот же obmen apply.",
            "obmen run or the same obmen apply writes the rest.",
        ),
        style="red",
        markup=False,
        soft_wrap=True,
    )


def _summary(name: str, total: int, left: Sequence[Delivery], speaker: Speech) -> bool:
    say(
        f"{name}: записано {total - len(left)} из {total}.",
        f"{name}: {total - len(left)} of {total} written.",
    )
    for why, count in Counter(row.reason for row in left).items():
        text = speaker.reason(why) if why else speaker.say("ещё не записано", "not written yet")
        screen.print(f"  {text}: {count}", markup=False)
    return not any(row.state != WAITING or is_kept(row) for row in left)
