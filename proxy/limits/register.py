"""All subjects by key, and who is concerned by an entry. Bounded, whatever clients ask for.

Keyed by account, not by configuration: a reload loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proxy.clock import Clock
from proxy.limits.cells import Cell
from proxy.limits.readings import Reading
from proxy.limits.reservations import View
from proxy.limits.subjects import Subject, SubjectScope
from proxy.model import Entry

MOST_VIEWS = 1024
"""Kept at once: a direct request brings an entry that nobody else has."""
MOST_SUBJECTS = 4096


class Register:
    """Finds subjects and cells, makes what is missing."""

    __slots__ = ("_clock", "_configured", "_subjects", "_version", "_views", "gone")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._subjects: dict[str, Subject] = {}
        self._views: dict[Entry, View] = {}
        self._configured: set[Subject] = set()
        """Of entries in the configuration: they are kept."""
        self._version = 0
        self.gone: set[str] = set()
        """Keys of subjects that were dropped, for the ledger to tell."""

    def __len__(self) -> int:
        return len(self._subjects)

    def holds(self, subject: Subject) -> bool:
        """Whether it is the one of its key, not one that was dropped."""
        return self._subjects.get(subject.key) is subject

    def configure(self, entries: Iterable[Entry]) -> None:
        """Take the sizes of a new configuration; counts, blocks and what was learned stay."""
        self._views.clear()
        self._configured.clear()
        spoken_of: set[Cell] = set()
        for entry in entries:
            self._configured.update(self._concerned(entry))
            for limit in entry.limits:
                subject = self._subject(entry, limit.scope, limit.pool)
                cell = subject.cell(limit.dimension, limit.window, limit.kind, limit.zone)
                cell.configure(limit)
                self._configured.add(subject)
                spoken_of.add(cell)
        for subject in self._subjects.values():
            for cell in subject.cells.values():
                if cell not in spoken_of and cell.configured is not None:
                    cell.configure(None)
            subject.drop_idle_cells()
            subject.changes += 1
        self._version += 1

    def _concerned(self, entry: Entry) -> tuple[Subject, Subject, Subject, Subject]:
        return (
            self._subject(entry, "origin"),
            self._subject(entry, "account"),
            self._subject(entry, "pool" if entry.pool else "paid"),
            self._subject(entry, "model"),
        )

    def _subject(self, entry: Entry, scope: SubjectScope, pool: str = "") -> Subject:
        provider = entry.provider
        names: Mapping[SubjectScope, str] = {"pool": pool or entry.pool, "model": entry.model}
        name = names.get(scope, "")
        owner = provider.origin if scope == "origin" else provider.account
        key = f"{owner}|{scope}|{name}"
        subject = self._subjects.get(key)
        if subject is None:
            subject = self._subjects[key] = Subject(key, scope, name, self._clock)
        return subject

    def view(self, entry: Entry) -> View:
        """The subjects and cells of an entry."""
        view = self._views.get(entry)
        if view is None:
            view = self._make_view(entry)
        if view.version != self._version:
            view.cells = tuple(cell for subject in view.subjects for cell in subject.cells.values())
            view.version = self._version
            view.standing = None
        return view

    def _make_view(self, entry: Entry) -> View:
        if len(self._views) >= MOST_VIEWS:
            self._views.clear()
        if len(self._subjects) >= MOST_SUBJECTS:
            self._make_room()
        view = self._views[entry] = View(entry, self._concerned(entry))
        for limit in entry.limits:
            # An entry that stands in no configuration (a direct request) brings its own.
            subject = self._subject(entry, limit.scope, limit.pool)
            cell = subject.cell(limit.dimension, limit.window, limit.kind, limit.zone)
            if cell.configured is None:
                cell.configure(limit)
                subject.changes += 1
                self._version += 1
        return view

    def _make_room(self) -> None:
        """Drop what nobody would miss, then models that no configuration names, oldest first."""
        kept = MOST_SUBJECTS // 2
        for key, subject in list(self._subjects.items()):
            disposable = subject not in self._configured and not subject.busy()
            if disposable and subject.blank():
                self._drop(key)
        for key, subject in list(self._subjects.items()):
            if len(self._subjects) <= kept:
                break
            disposable = subject.scope == "model" and subject not in self._configured
            if disposable and not subject.busy():
                self._drop(key)
        # A view that still names what was dropped would count apart from one made later.
        self._views.clear()

    def _drop(self, key: str) -> None:
        del self._subjects[key]
        self.gone.add(key)

    def cell_for(self, entry: Entry, reading: Reading) -> tuple[Subject, Cell]:
        """The cell a reading speaks of, made where there was none."""
        preset = entry.provider.preset
        if reading.scope == "model":
            # Nearly always, and known already.
            subject = self.view(entry).model
        else:
            subject = self._subject(entry, reading.scope, reading.pool)
        cell = subject.cells.get((reading.dimension, reading.window))
        if cell is None:
            self._version += 1
            kind = reading.kind or preset.kind(reading.window)
            cell = subject.cell(reading.dimension, reading.window, kind, preset.zone)
        if reading.kind is not None and cell.configured is None:
            cell.become(reading.kind, cell.zone)
            subject.changes += 1
        return subject, cell

    def concurrency(self, entry: Entry, scope: SubjectScope) -> tuple[Subject, Cell]:
        """The cell of requests in flight of the entry's account or model."""
        subject = self._subject(entry, scope if scope == "account" else "model")
        return subject, subject.cell("concurrent", None, "rolling", "UTC")

    def adopt(self, subject: Subject) -> None:
        """Take a subject from before a restart; what was configured meanwhile holds."""
        known = self._subjects.get(subject.key)
        if known is not None:
            for key, cell in known.cells.items():
                restored = subject.cell(*key, cell.kind, cell.zone)
                if cell.configured is not None:
                    restored.configure(cell.configured)
            subject.facts.listed = known.facts.listed
            subject.facts.running_window = known.facts.running_window
            if known in self._configured:
                self._configured.remove(known)
                self._configured.add(subject)
        self._subjects[subject.key] = subject
        self._views.clear()
        self._version += 1
