"""The table of a benchmark: median (smallest to largest) of each metric, and how many times the others' figure Thalweg's is."""

import statistics


def table(results: list[dict], brokers: list[str]) -> str:
    metrics = list(dict.fromkeys(r["metric"] for r in results))
    others = [b for b in brokers if b != "thalweg"] if "thalweg" in brokers else []
    head = ["metric", *brokers, *(f"thalweg / {other}" for other in others)]
    rows = [head, ["---"] * len(head)]
    for metric in metrics:
        values = {b: [r["value"] for r in results if (r["broker"], r["metric"]) == (b, metric)] for b in brokers}
        row = [metric, *(_cell(values[b]) for b in brokers)]
        row += [_ratio(values["thalweg"], values[other]) for other in others]
        rows.append(row)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cell(values: list[float]) -> str:
    if not values:
        return "-"
    middle = statistics.median(values)
    text = _number(middle)
    return text if len(values) == 1 else f"{text} ({_number(min(values))} to {_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _ratio(ours: list[float], theirs: list[float]) -> str:
    if not ours or not theirs or statistics.median(theirs) == 0:
        return "-"
    return f"{statistics.median(ours) / statistics.median(theirs):.3g}"
