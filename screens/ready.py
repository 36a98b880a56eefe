"""The ready card: what to paste into which program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

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

    def __init__(self, chain: str, entries: int) -> None:
        super().__init__()
        self._chain, self._entries = chain, entries
        self.card = ReadyCard()
        self._at = 0

    def body(self) -> Iterable[Widget]:
        yield self.card

    def show(self, picture: Picture | None) -> None:
        self.card.show(self._entries, self._chain, PROGRAMS[self._at], self._lines(whole=False))

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
        self.shell.copy(
            f"curl {self._base_url}/chat/completions \\\n"
            '  -H "Authorization: Bearer $OPENAI_API_KEY" -H "content-type: application/json" \\\n'
            f'  -d \'{{"model": "{self._chain}", '
            '"messages": [{"role": "user", "content": "hi"}]}\'\n',
            "Copied as curl. It reads the key from $OPENAI_API_KEY.",
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
        self._shown: tuple[int, str, str, str] | None = None

    def show(self, entries: int, chain: str, program: str, lines: str) -> None:
        self._shown = (entries, chain, program, lines)
        self.repaint()

    def paint(self, width: int, height: int) -> list[Line]:
        symbols = self.stage.symbols
        if self._shown is None:
            return []
        entries, chain, program, text = self._shown
        name, says, ready, tabs = Line(), Line(), Line(), Line()
        name.put(2, symbols.ledge, "flow", "b")
        name.put(5, "429chain", "text", "b")
        says.put(3, symbols.landing, "flow", "b")
        says.put(8, "one address, every free model you have")
        many = "1 entry, its key works" if entries == 1 else f"{entries} entries, all keys work"
        ready.put(2, f"Ready. {many}. Paste this:", "text", "b")
        at = 2
        for one in PROGRAMS:
            active = one == program
            at = tabs.put(at, one, "flow" if active else "muted", "bu" if active else "") + 3
        lines = [Line(), name, says, Line(), ready, Line(), tabs, Line()]
        for written in text.splitlines():
            line = Line()
            line.put(
                4, fit(written, width - 5, symbols.cut), "muted" if written[:1] == "#" else "text"
            )
            lines.append(line)
        last = Line()
        last.put(2, f"model name {chain}  (the chain; any other name also lands there)", "muted")
        room = max(0, height - 2)
        return [*lines[:room], Line(), last]
