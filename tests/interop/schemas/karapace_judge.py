"""Karapace's verdicts: pairs come in as lines of JSON, {"compatible": bool} or {"error": text} goes out for each.

Run by `run --karapace FOLDER` with FOLDER/src on the path. Only its comparison is wanted: what it formats Protobuf with is a
library of Go, which is not built here and stands empty.
"""
import json
import sys
import types

for name in ("karapace.core.protobuf.protopace", "karapace.core.protobuf.protopace.protopace"):
    empty = types.ModuleType(name)
    empty.__path__ = []
    empty.format_proto = empty.check_compatibility = None
    empty.Proto = empty.IncompatibleError = type("Empty", (Exception,), {})
    sys.modules[name] = empty

from jsonschema import Draft7Validator  # noqa: E402
from karapace.core.compatibility.jsonschema.checks import compatibility  # noqa: E402
from karapace.core.compatibility.protobuf.checks import check_protobuf_schema_compatibility  # noqa: E402
from karapace.core.protobuf.schema import ProtobufSchema  # noqa: E402


def verdict(pair):
    if pair["type"] == "JSON":
        result = compatibility(*(Draft7Validator(json.loads(pair[which])) for which in ("update", "original")))
    else:
        result = check_protobuf_schema_compatibility(*(ProtobufSchema(pair[which], None, None) for which in ("update", "original")))
    return {"compatible": result.compatibility.value == "compatible", "changes": sorted(str(each) for each in result.incompatibilities)}


for line in sys.stdin:
    try:
        print(json.dumps(verdict(json.loads(line))))
    except Exception as error:  # whatever it is, there is no verdict
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
