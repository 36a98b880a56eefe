"""A terminal that takes nothing stops no request."""

from __future__ import annotations

import os
import threading

from textual.drivers._writer_thread import WriterThread

from screens.output import Output


class _Driver:
    def __init__(self, writer: WriterThread) -> None:
        self._writer_thread = writer


def test_a_terminal_that_hangs_blocks_neither_painting_nor_the_end() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as stuck:
        writer = WriterThread(stuck)
        output = Output(_Driver(writer))
        writer.start()

        def paint() -> None:
            # More than the pipe holds, in more pieces than Textual's queue does.
            for _ in range(200):
                writer.write("x" * 10_000)

        painting = threading.Thread(target=paint, daemon=True)
        painting.start()
        painting.join(5)
        assert not painting.is_alive()
        assert output.is_stuck
        ending = threading.Thread(target=writer.stop, daemon=True)
        ending.start()
        ending.join(10)
        assert not ending.is_alive()
        # What the thread still waits for ends with the pipe.
        os.set_blocking(reading, False)
        while writer.is_alive():
            try:
                os.read(reading, 1 << 20)
            except BlockingIOError:
                writer_done = threading.Event()
                writer_done.wait(0.01)


def test_a_driver_without_such_a_writer_is_left_alone() -> None:
    assert not Output(object()).is_stuck
