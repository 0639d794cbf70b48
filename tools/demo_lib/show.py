"""A frame of the demo on a terminal, as plain lines, or as JSON. A frame is a dict, see Demo.frame."""

import json
import shutil
import sys

_EVENTS_SHOWN = 6


def clock(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


def columns(rows: list[list[object]]) -> list[str]:
    """Aligned: the first column to the left, as every one that holds text; numbers to the right."""
    texts = [[f"{cell:,.1f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in texts) for i in range(len(texts[0]))]
    right = [all(isinstance(row[i], (int, float)) for row in rows[1:]) and len(rows) > 1 for i in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) if r else cell.ljust(width) for cell, width, r in zip(row, widths, right)).rstrip() for row in texts]


def state_of(program: dict) -> str:
    again = f", started again {program['restarts']}x: {program['last_end']}" if program["restarts"] else ""
    return program["state"] + (again if program["state"] == "running" else f": {program['last_end']}, starts again")


def table(frame: dict, events: list[str]) -> list[str]:
    server = frame["server"]
    lines = [f"Thalweg demo  {clock(frame['seconds'])}     Ctrl-C stops it",
             f"Kafka on {server['brokers']}   {server['metrics']}", f"server {state_of(server)}", ""]
    lines += columns([["topic", "records", "in/s", "out/s"]] +
                     [[name, t["records"], t["in_per_second"], t["out_per_second"]] for name, t in frame["topics"].items()]) + [""]
    if frame["groups"]:
        lines += columns([["group", "of topic", "lag", "oldest unread s", "members"]] +
                         [[g["group"], g["topic"], g["lag"], g["oldest_unread_seconds"], g["members"]] for g in frame["groups"]]) + [""]
    lines += columns([["service", "sent/s", "handled/s", "errors", "state"]] +
                     [[name, s["produced_per_second"], s["consumed_per_second"], s["errors"], state_of(s)] for name, s in frame["services"].items()])
    for name, s in frame["services"].items():
        if s["counts"]:
            lines.append(f"{name}: " + ", ".join(f"{count:,} {what}" for what, count in s["counts"].items()))
    return lines + ([""] + events if events else [])


def line(frame: dict) -> str:
    topics = frame["topics"].values()
    parts = [f"{sum(t['records'] for t in topics)} records, {sum(t['in_per_second'] for t in topics):.0f}/s in, "
             f"{sum(t['out_per_second'] for t in topics):.0f}/s out",
             "lag " + (", ".join(f"{g['group']}/{g['topic']} {g['lag']}" for g in frame["groups"]) or "unknown")]
    parts += [f"{name} {state_of(program)}" for name, program in {"server": frame["server"], **frame["services"]}.items()]
    return f"{clock(frame['seconds'])}  " + "  |  ".join(parts)


class Plain:
    """A line for each frame and event; for pipes and logs."""

    def show(self, frame: dict) -> None:
        for event in frame["events"]:
            print(f"{clock(frame['seconds'])}  {event}")
        print(line(frame), flush=True)

    def close(self, last: dict | None) -> None:
        pass


class Json:
    """An object a line."""

    def show(self, frame: dict) -> None:
        print(json.dumps(frame), flush=True)

    def close(self, last: dict | None) -> None:
        pass


class Terminal:
    """One table, drawn over and over on the terminal's second screen. What was there before comes back at the end."""

    def __init__(self) -> None:
        self._events: list[str] = []
        sys.stdout.write("\x1b[?1049h\x1b[?25l")

    def show(self, frame: dict) -> None:
        self._events = (self._events + [f"{clock(frame['seconds'])}  {event}" for event in frame["events"]])[-_EVENTS_SHOWN:]
        size = shutil.get_terminal_size()
        drawn = [text[:size.columns] for text in table(frame, self._events)][:size.lines - 1]
        sys.stdout.write("\x1b[H" + "".join(f"{text}\x1b[K\n" for text in drawn) + "\x1b[J")
        sys.stdout.flush()

    def close(self, last: dict | None) -> None:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        if last:
            print("\n".join(table(last, self._events)))
        sys.stdout.flush()


def display(output: str):
    if output == "json":
        return Json()
    return Terminal() if output == "table" or (output == "auto" and sys.stdout.isatty()) else Plain()
