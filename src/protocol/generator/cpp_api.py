"""C++ for the table of APIs: the ApiKey enum and the rows behind protocol/api.h."""

from __future__ import annotations

from cpp import BANNER
from naming import api_key
from schema import NEWEST, Api


def key_header(apis: list[Api]) -> str:
    apis = [api for api in apis if not api.private]
    return "\n".join([
        BANNER + "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace thalweg::protocol {",
        "",
        "enum class ApiKey : std::int16_t {",
        *[f"  k{api.name} = {api.key}," for api in apis],
        "};",
        "",
        f"inline constexpr std::int16_t kApiKeyMax = {apis[-1].key};",
        "",
        "}  // namespace thalweg::protocol",
        "",
    ])


def _row(api: Api) -> str:
    flexible = api.flexible.low if api.flexible else NEWEST
    advertised_max = api.advertise.high - (1 if api.latest_unstable else 0)
    fields = [
        api_key(api), f'"{api.name}"', api.versions.low, api.versions.high, flexible, api.advertise.low,
        advertised_max, str(api.latest_unstable).lower(), str("broker" in api.listeners).lower(),
        str("controller" in api.listeners).lower()
    ]
    return "    {" + ", ".join(str(f) for f in fields) + "},"


def table_source(apis: list[Api]) -> str:
    return "\n".join([
        BANNER,
        '#include "protocol/api.h"',
        "",
        "namespace thalweg::protocol {",
        "namespace {",
        "// key, name, min, max, flexible from, advertised min and max, latest unstable, on brokers, on controllers",
        "constexpr ApiInfo kApis[] = {",
        *[_row(api) for api in apis],
        "};",
        "}  // namespace",
        "",
        "std::span<const ApiInfo> all_apis() { return kApis; }",
        "",
        "}  // namespace thalweg::protocol",
        "",
    ])
