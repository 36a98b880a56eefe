"""The ready card: what to paste into which program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.widget import Widget

from screens.keys import Key, bindings
from screens.line import Line, fit
from screens.painted import Painted
from screens.picture import Picture
from screens.prompt import SAY_HELLO, TestView
from screens.view import View

PROGRAMS = ("shell", "codex", "claude-code", "aider", "cline", "open-webui")


class Ready(View):
    """`y` copies what is shown, with the whole key; `[` and `]` show another program's lines."""

    TAB: ClassVar[str] = "ready"
    VERBS = (
        Key("ready.copy", "y", "copy", "copy", "copy the lines"),
        Key("ready.curl", "c", "curl", "curl", "copy a curl line"),
        Key("ready.previous", "left_square_bracket,left", "turn(-1)", "", "program before", "["),
        Key("ready.next", "right_square_bracket,right", "turn(1)", "program", "the next", "[ ]"),
        Key("ready.test", "t", "test", "test", "try a prompt here"),
        Key("ready.board", "enter,escape", "board", "board", "open the board", "enter"),
    )
    BINDINGS = bindings(VERBS)  # pyright: ignore[reportAssignmentType]
    AUTO_FOCUS: ClassVar[str | None] = "ReadyCard"
    DEFAULT_CSS: ClassVar[str] = """
    Ready Masthead { display: none; }
    Ready #body { align-horizontal: center; }
    """

    def __init__(self, chain: str, entries: int, untested: Sequence[str] = ()) -> None:
        """`untested` are the providers whose keys a made-up one would have done as well."""
        super().__init__()
        self._chain = chain
        self._told = _told(entries, untested)
        self.card = ReadyCard()
        self._at = 0

    def body(self) -> Iterable[Widget]:
        yield self.card

    def show(self, picture: Picture | None) -> None:
        program = PROGRAMS[self._at]
        curl = self._curl if program == "shell" else ""
        self.card.show(self._told, self._chain, program, self._lines(whole=False), curl)

    @property
    def _base_url(self) -> str:
        picture = self.shell.feed.latest
        return picture.status.base_url if picture is not None else ""

    def _key(self, *, whole: bool) -> str:
        key = self.shell.surroundings.client_key
        if key is None:
            return "a key of server.api_keys"
        return key if whole or len(key) < 20 else f"{key[:16]}…{key[-2:]}"

    def _lines(self, *, whole: bool) -> str:
        program = PROGRAMS[self._at]
        recipe = self.shell.surroundings.recipe
        key = self._key(whole=whole)
        if program == "shell" or recipe is None:
            return f"export OPENAI_BASE_URL={self._base_url}\nexport OPENAI_API_KEY={key}\n"
        return f"export CHAIN429_API_KEY={key}\n\n{recipe(program)}"

    def action_turn(self, by: int) -> None:
        self._at = (self._at + by) % len(PROGRAMS)
        self.show(self.shell.feed.latest)

    def action_copy(self) -> None:
        program = PROGRAMS[self._at]
        told = "for any OpenAI program" if program == "shell" else f"for {program}"
        self.shell.copy(self._lines(whole=True), f"Copied the lines {told}, with the key.")

    def action_curl(self) -> None:
        told = "Copied as curl. It reads the key from $OPENAI_API_KEY."
        self.shell.copy(self._curl, told)

    @property
    def _curl(self) -> str:
        return (
            f"curl {self._base_url}/chat/completions \\\n"
            '  -H "Authorization: Bearer $OPENAI_API_KEY" \\\n'
            '  -H "content-type: application/json" \\\n'
            f'  -d \'{{"model": "{self._chain}", '
            '"messages": [{"role": "user", "content": "hi"}]}\'\n'
        )

    async def action_test(self) -> None:
        await self.shell.action_go("test")
        if isinstance(self.shell.screen, TestView):
            self.shell.screen.load(SAY_HELLO, self._chain)

    async def action_board(self) -> None:
        await self.shell.action_go("board")


class ReadyCard(Painted, can_focus=True):
    DEFAULT_CSS: ClassVar[str] = "ReadyCard { height: 1fr; max-width: 80; }"

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, str, str, str, str] | None = None

    def show(self, told: str, chain: str, program: str, lines: str, curl: str) -> None:
        """`curl` is a line to try, where the lines alone call nothing."""
        self._shown = (told, chain, program, lines, curl)
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        symbols = self.stage.symbols
        if self._shown is None:
            return []
        told, chain, program, text, curl = self._shown
        name, says, ready, tabs = Line(), Line(), Line(), Line()
        name.put(2, symbols.ledge, "flow", "b")
        name.put(5, "429chain", "text", "b")
        says.put(3, symbols.landing, "flow", "b")
        says.put(8, "one address, every free model you have", "muted")
        ready.put(2, fit(told, width - 3, symbols.cut), "text", "b")
        at = 2
        for one in PROGRAMS:
            active = one == program
            at = tabs.put(at, one, "flow" if active else "muted", "bu" if active else "") + 3
        lines = [Line(), name, says, Line(), ready, Line(), tabs, Line()]
        lines += _written(text, width, symbols.cut)
        if program == "shell":
            at = 4 + cell_len(text.splitlines()[-1])
            at = lines[-1].put(at + 3, "y", "flow", "b")
            lines[-1].put(at + 1, "copies the whole key", "muted")
        last = Line()
        at = last.put(last.put(2, "model name ", "muted"), chain, "text", "b")
        last.put(at, "  (the chain; any other name also lands there)", "muted")
        lines = [*lines[: max(0, height - 2)], Line(), last]
        if curl and height > len(lines) + 6:
            note = Line()
            note.put(2, "or try it in another terminal:", "muted")
            lines += [Line(), note, Line(), *_written(curl, width, symbols.cut)]
        return lines


def _written(text: str, width: int, cut: str) -> list[Line]:
    lines: list[Line] = []
    for written in text.splitlines():
        line = Line()
        line.put(4, fit(written, width - 5, cut), "muted" if written[:1] == "#" else "text")
        lines.append(line)
    return lines


def _told(entries: int, untested: Sequence[str]) -> str:
    if untested:
        names = ", ".join(untested)
        return f"Ready, {entries} entries. Not tested, for its model list is public: {names}"
    many = "1 entry, its key works" if entries == 1 else f"{entries} entries, all keys work"
    return f"Ready. {many}. Paste this:"
