"""What a report is: its question, the lists it reads, its options, and the pure function that answers.

In: a source of lists and options. Out: a `Report`. The analysing functions are wrapped by `report`, which reads their options
from their keyword arguments. Speaks to a service only through its source.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from numbers import Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.near_match import near
from procore_nb.reports.comparison import compared, since_day
from procore_nb.reports.measures import Finding, figures_frame, words
from procore_nb.reports.report_data import ReportData
from procore_nb.reports.result import Analysis, Report
from procore_nb.reports.typed_columns import as_day, holidays_of

Arguments = Callable[[pd.Timestamp, Mapping[str, Any]], dict[str, Any]]
Select = Callable[[dict[str, pd.DataFrame], Mapping[str, Any]], pd.DataFrame]


@dataclass(frozen=True)
class Use:
    """A list that a report reads.

    `arguments` are those of the request, from the day and the options. `parent` is the list below which it stands, and
    `select` chooses among the parent's rows. `if_empty` names lists: only projects for which all of them are empty are
    requested; `if_any`: only projects that have rows in one of them, or did not answer. `option` turns the list on, by True or by
    the name of the list. `decides` says in words what is not known without the list.
    """

    name: str
    optional: bool = False
    of_company: bool = False
    arguments: Arguments = field(default=lambda *_: {})
    parent: str = ""
    select: Select = field(default=lambda *_: pd.DataFrame())
    if_empty: tuple[str, ...] = ()
    if_any: tuple[str, ...] = ()
    option: str = ""
    decides: str = ""

    def is_read(self, options: Mapping[str, Any]) -> bool:
        return not self.option or options[self.option] in (True, self.name)


class ReportFunction:
    """One report as a function; `pnb.reports.rfis` is one.

    Parameters
    ----------
    source
        A `Procore` connection, a `Store` (nothing is requested), or a dict of frames or records by the name of their list.
    projects
        `"active"`, `"all"`, `"inactive"`, ids, or a frame with an id column.
    as_of
        The day. None: today, in the zone of each project; for the demo its own day.
    calendar
        `"calendar"` days, or `"working"` days of the project's country.
    holidays
        Days off for `"working"`: a list, or lists by country code.
    since
        A date, or `"last Monday"`: what changed since the report of that day, in tables `since_…` and findings. From a store.
    progress
        False keeps quiet.
    **options
        The definitions that differ between companies; `help(pnb.reports.rfis)` names them with their defaults.

    Returns
    -------
    Report
        See `Report`. Lists nobody may read, or that are empty, are named in its coverage.

    Raises
    ------
    ArgumentError
        If an option is unknown (near matches are named), a needed list or column is absent, or `as_of` is no date.
    ProcoreError
        Whatever else a request failed with.
    """

    def __init__(
        self,
        analyse: Callable[..., Analysis],
        *,
        title: str,
        question: str,
        uses: tuple[Use, ...],
        rebuilds: bool,
    ) -> None:
        self.name = self.__name__ = analyse.__name__
        self.title, self.question, self.uses, self.rebuilds = title, question, uses, rebuilds
        self.analyse = analyse
        self.definitions = inspect.getdoc(analyse) or ""
        parameters = inspect.signature(analyse).parameters.values()
        own = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
        self.options: dict[str, Any] = {parameter.name: parameter.default for parameter in own}
        hints = get_type_hints(analyse)
        self.choices = {
            name: get_args(hints[name]) for name in self.options if get_origin(hints[name]) is Literal
        }
        shared = inspect.signature(ReportFunction.__call__).parameters.values()
        kept = [one for one in shared if one.name != "self" and one.kind is not one.VAR_KEYWORD]
        self.__signature__ = inspect.Signature([*kept, *own], return_annotation=Report)
        self.__doc__ = f"{question}\n\n{self.definitions}\n\n{inspect.getdoc(ReportFunction)}"

    def __repr__(self) -> str:
        return f"<report {self.name}: {self.question}>"

    @explain_calls()
    def __call__(
        self,
        source: Any,
        *,
        projects: Any = "active",
        as_of: Any = None,
        calendar: str = "calendar",
        holidays: Any = (),
        since: Any = None,
        progress: bool | None = None,
        **options: Any,
    ) -> Report:
        """Return the report; see the class."""
        from procore_nb.reports.sources import reader_for, store_reader

        used = self.checked(options)
        if calendar not in ("calendar", "working"):
            raise ArgumentError(f'calendar is "calendar" or "working", not {calendar!r}.')
        days_off = holidays_of(holidays)

        def answer_of(day: pd.Timestamp | None) -> tuple[ReportData, Analysis]:
            data = reader.read(self, day, used)
            data.calendar, data.holidays = calendar, days_off
            return data, self._answer(data, used)

        day = None if as_of is None else as_day(as_of, "as_of")
        reader: Any = reader_for(source, projects=projects, progress=progress)
        store = None if since is None else store_reader(reader)
        data, answer = answer_of(day)
        if store is not None:
            first = since_day(since, data.as_of)
            self._compare(answer, *answer_of(first), first, store)
            used = {"since": first, **used}
        # Findings are ours, notes of the data come after them: both are read from the top.
        notes = [note for note in data.notes if note not in answer.findings]
        answer.findings.extend(Finding(note, "note") for note in notes)
        return Report(
            **vars(answer),
            name=self.name,
            title=self.title,
            question=self.question,
            as_of=data.as_of,
            coverage=data.coverage.frame(data.projects["name"].to_dict()),
            options={"calendar": calendar, **used},
            definitions=self.definitions,
            environment=data.environment,
            web_url=data.web_url,
            requests=data.requests,
        )

    def _compare(
        self, answer: Analysis, before: ReportData, then: Analysis, day: pd.Timestamp, store: Any
    ) -> None:
        """Add what changed since a day to the tables and the findings."""
        answer.tables["since_lists"], notes = store.changed(self, day)
        lost = "so what slipped and how amounts moved"
        if before.begins is not None:
            first = f"The store begins on {before.begins:%Y-%m-%d}, the day of its first sync"
            notes.append(f"{first}: values of {day:%Y-%m-%d} are not in it, {lost} since then is not known.")
        elif before.past:
            values = f"Values of {day:%Y-%m-%d} were not kept, {lost} is not known."
            notes.append(f"{values} Keep the store with history=True.")
        if not before.past or self.rebuilds:
            tables, findings = compared(then, answer, day)
            answer.tables.update(tables)
            answer.findings.extend(findings)
        answer.findings.extend(Finding(note, "note") for note in notes)

    def _answer(self, data: ReportData, options: Mapping[str, Any]) -> Analysis:
        if data.past and not self.rebuilds:
            text = (
                f"This report cannot be given for {data.as_of:%Y-%m-%d}: the rows hold the state of a later day, and no dates "
                "from which to rebuild it. Keep a store with history=True: from then on it answers for any past day."
            )
            summary = figures_frame([], ["project_id", "project_name"])
            answer = Analysis(summary, pd.DataFrame(), findings=[Finding(text, "note")])
        else:
            with warnings.catch_warnings():
                # pandas 2 announces how later versions treat columns without values; figures are the same with both.
                warnings.simplefilter("ignore", FutureWarning)
                answer = self.analyse(data, **options)
            for use in self.uses:
                if use.decides and data.not_given(use.name):
                    reason = data.coverage.states[use.name, None][1]
                    answer.findings.append(Finding(f"{reason}: {use.decides}.", "note"))
        if silent := self._silent(data):
            names = ", ".join(dict.fromkeys(use.parent or use.name for use in silent))
            text = f"None of the {len(data.projects):,} projects answered {names}, so nothing can be said. The coverage says why."
            blank = {name: _blank(frame) for name, frame in answer.tables.items()}
            answer = Analysis(
                answer.summary, answer.rows, blank, [Finding(text, "note")], people=answer.people
            )
        return answer

    def _silent(self, data: ReportData) -> list[Use]:
        """Return the lists that no project answered, if without them there is nothing to say: no permission is not zero."""
        uses = [use for use in self.uses if not use.if_empty and not use.of_company and not use.option]
        needed, projects, silent = [use for use in uses if not use.optional], set(data.projects.index), []
        for use in needed or uses:
            name = use.parent or use.name
            states = {key[1]: state for key, (state, _) in data.coverage.states.items() if key[0] == name}
            refused = {project for project, state in states.items() if state != "not given"}
            if projects and (None in refused or refused >= projects):
                silent.append(use)
        return silent if needed or len(silent) == len(uses) else []

    def checked(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return all options, or refuse one that is unknown or of another type."""
        for name, value in options.items():
            if name not in self.options:
                shared = words("projects as_of calendar holidays since progress")
                choices = " or ".join(near(name, [*shared, *self.options]))
                own = ", ".join(self.options) or "as_of, projects and calendar only"
                raise ArgumentError(
                    f"The report {self.name} has no option {name!r}.",
                    advice=f"Did you mean {choices}?" if choices else f"Its options are {own}.",
                )
            literals = self.choices.get(name, ())
            if literals and value not in literals:
                texts = " or ".join(f'"{literal}"' for literal in literals)
                raise ArgumentError(f"{name} is {texts}, not {value!r}.")
            if not _has_type_of(value, self.options[name]):
                raise ArgumentError(f"{name} is {_type_text(self.options[name])}, not {value!r}.")
        return {**self.options, **options}


def _blank(frame: pd.DataFrame) -> pd.DataFrame:
    figures = frame.select_dtypes("number")
    return frame.assign(**{str(name): figures[name].mask(figures[name].notna()) for name in figures})


def _type_text(default: Any) -> str:
    """Return in words what an option takes, by its default."""
    if isinstance(default, tuple):
        return f"a list such as {default!r}"
    return {bool: "True or False", str: "a text"}.get(type(default), "a number")


def _has_type_of(value: Any, default: Any) -> bool:
    """Return whether an option has the type of its default: text, a number, true or false, several of them."""
    if isinstance(default, tuple):
        if not isinstance(
            value, tuple | list
        ):  # one number stands for a list of it, one text would be read as letters
            return not isinstance(default[0], str)
        return all(_has_type_of(one, default[0]) for one in value)
    if isinstance(default, bool | str) or default is None:
        return default is None or isinstance(value, type(default))
    return isinstance(value, Real) and not isinstance(value, bool)


def report(title: str, question: str, *uses: Use, rebuilds: bool = False) -> Callable[..., ReportFunction]:
    """Make a report of an analysing function.

    `rebuilds` says that the rows hold dates from which a past day can be told.
    """
    return partial(ReportFunction, title=title, question=question, uses=uses, rebuilds=rebuilds)
