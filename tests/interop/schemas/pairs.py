"""Pairs of schemas from a seed: one, and the same after some changes that people make. Nobody says beforehand which fit."""
import json

SCALARS = ["string", "integer", "number", "boolean", "null"]
BOUNDS = {"string": ["minLength", "maxLength"], "integer": ["minimum", "maximum"], "number": ["exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
          "array": ["minItems", "maxItems"], "object": ["minProperties", "maxProperties"]}


class JsonPairs:
    def __init__(self, rng):
        self.rng = rng

    def schema(self, depth):
        rng = self.rng
        kind = rng.choice(SCALARS + (["object"] * 4 + ["array"] * 2 + ["enum", "oneOf", "anyOf", "allOf", "types"] if depth else []))
        if kind == "object":
            schema = {"type": "object", "properties": {f"p{i}": self.schema(depth - 1) for i in range(rng.randint(0, 3))}}
            if rng.random() < 0.6:
                schema["additionalProperties"] = rng.choice([False, False, False, True, {"type": "string"}])
            if schema["properties"] and rng.random() < 0.4:
                schema["required"] = [rng.choice(sorted(schema["properties"]))]
        elif kind == "array":
            schema = {"type": "array", "items": self.schema(depth - 1)}
            if rng.random() < 0.3:
                schema["items"] = [self.schema(depth - 1) for _ in range(rng.randint(1, 2))]
                schema["additionalItems"] = rng.random() < 0.5
            if rng.random() < 0.2:
                schema["uniqueItems"] = True
        elif kind == "enum":
            return {"enum": rng.sample(["a", "b", "c", "d"], rng.randint(1, 3))}
        elif kind in ("oneOf", "anyOf", "allOf"):
            return {kind: [self.schema(depth - 1) for _ in range(rng.randint(1, 3))]}
        elif kind == "types":
            return {"type": rng.sample(SCALARS, rng.randint(2, 3))}
        else:
            schema = {"type": kind}
        if rng.random() < 0.2 and kind in BOUNDS:
            schema[rng.choice(BOUNDS[kind])] = rng.randint(1, 5)
        return schema

    def changed(self, schema):
        rng = self.rng
        schema = dict(schema)
        kind = schema.get("type")
        if kind == "object":
            self.change_object(schema)
        elif kind == "array":
            items = schema["items"]
            if isinstance(items, list):
                items = [self.changed(item) for item in items]
                if rng.random() < 0.15:
                    items.append(self.schema(0))
                if rng.random() < 0.15 and len(items) > 1:
                    items.pop()
                schema["items"] = items
                if rng.random() < 0.1:
                    schema["additionalItems"] = not schema["additionalItems"]
            else:
                schema["items"] = self.changed(items)
            if rng.random() < 0.1:
                schema["uniqueItems"] = not schema.get("uniqueItems", False)
        elif "enum" in schema:
            if rng.random() < 0.4:
                schema["enum"] = rng.sample(["a", "b", "c", "d"], rng.randint(1, 4))
        elif isinstance(kind, list):
            if rng.random() < 0.4:
                schema["type"] = rng.sample(SCALARS, rng.randint(2, 3))
        elif kind is None:
            self.change_combination(schema)
        elif rng.random() < 0.12:
            return {"type": rng.choice(SCALARS)}
        if isinstance(kind, str) and kind in BOUNDS and rng.random() < 0.15:
            bound = rng.choice(BOUNDS[kind])
            if bound in schema and rng.random() < 0.3:
                del schema[bound]
            else:
                schema[bound] = rng.randint(1, 5)
        if rng.random() < 0.05:
            schema["description"] = "said otherwise"
        return schema

    def change_object(self, schema):
        rng = self.rng
        properties = {name: self.changed(each) for name, each in schema["properties"].items()}
        if properties and rng.random() < 0.15:
            del properties[rng.choice(sorted(properties))]
        if rng.random() < 0.2:
            properties["fresh"] = {} if rng.random() < 0.2 else self.schema(0)
            if rng.random() < 0.3:
                properties["fresh"]["default"] = "x"
        schema["properties"] = properties
        if rng.random() < 0.1:
            schema["additionalProperties"] = rng.choice([False, True, {"type": "string"}])
        if rng.random() < 0.15:
            schema["required"] = [] if "required" in schema else [rng.choice(sorted(properties) or ["p0"])]

    def change_combination(self, schema):
        rng = self.rng
        for kind in ("oneOf", "anyOf", "allOf"):
            if kind not in schema:
                continue
            parts = [self.changed(each) for each in schema[kind]]
            if rng.random() < 0.25:
                parts.append(self.schema(0))
            if rng.random() < 0.25 and len(parts) > 1:
                parts.pop(rng.randrange(len(parts)))
            rng.shuffle(parts)
            schema[kind] = parts
            if rng.random() < 0.1:
                schema[rng.choice(["oneOf", "anyOf", "allOf"])] = schema.pop(kind)
            return

    def pair(self):
        original = self.schema(3)
        return {"type": "JSON", "original": json.dumps(original), "update": json.dumps(self.changed(original))}


# What one kind may become without a reader noticing, and the others.
PROTO_SCALARS = ["int32", "int64", "uint32", "uint64", "bool", "sint32", "sint64", "string", "bytes", "fixed32", "sfixed32", "fixed64",
                 "sfixed64", "float", "double"]


class ProtobufPairs:
    """A file as a tree: messages with fields, oneofs, enums and messages of their own."""

    def __init__(self, rng):
        self.rng = rng

    def message(self, name, depth):
        rng = self.rng
        message = {"name": name, "messages": [], "enums": [], "fields": {}, "oneof": {}}
        if depth:
            message["messages"] = [self.message(f"{name}In{i}", depth - 1) for i in range(rng.randint(0, 2))]
        message["enums"] = [{f"{name.upper()}_{i}": i for i in range(rng.randint(1, 3))} for _ in range(rng.randint(0, 1))]
        for number in range(1, rng.randint(2, 5)):
            message["fields"][number] = [rng.choice(["", "", "", "repeated "]), self.kind(message), f"f{number}"]
        for number in range(20, 20 + rng.choice([0, 0, 1, 2, 3])):
            message["oneof"][number] = ["", self.kind(message), f"o{number}"]
        return message

    def kind(self, message):
        named = [each["name"] for each in message["messages"]] + (["E" + message["name"]] if message["enums"] else [])
        return self.rng.choice(PROTO_SCALARS + named * 3)

    def change(self, message):
        rng = self.rng
        fields, oneof = message["fields"], message["oneof"]
        what = rng.choice(["add", "remove", "rename", "retype", "label", "grow", "shrink", "into", "enum", "message", "inside", "inside"])
        number = rng.choice(sorted(fields)) if fields else None
        if what == "add":
            fields[9] = ["", self.kind(message), "fresh"]
        elif what == "remove" and number:
            del fields[number]
        elif what == "rename" and number:
            fields[number][2] = "renamed"
        elif what == "retype" and number:
            fields[number][1] = self.kind(message)
        elif what == "label" and number:
            fields[number][0] = "" if fields[number][0] else "repeated "
        elif what == "grow":
            oneof[30] = ["", self.kind(message), "grown"]
        elif what == "shrink" and oneof:
            del oneof[rng.choice(sorted(oneof))]
        elif what == "into" and fields:
            for each in rng.sample(sorted(fields), min(len(fields), rng.randint(1, 2))):
                oneof[each] = ["", *fields.pop(each)[1:]]
        elif what == "enum" and message["enums"]:
            values = message["enums"][0]
            if rng.random() < 0.5 or len(values) == 1:
                values[message["name"].upper() + "_MORE"] = 7
            else:
                values.pop(sorted(values)[-1])
        elif what == "message":
            message["messages"].append({"name": message["name"] + "Fresh", "messages": [], "enums": [], "fields": {1: ["", "int32", "x"]}, "oneof": {}})
        elif what == "inside" and message["messages"]:
            self.change(rng.choice(message["messages"]))

    def text(self, message, indent=""):
        inner = indent + "  "
        lines = [f"{indent}message {message['name']} {{"]
        lines += [f"{inner}{label}{kind} {name} = {number};" for number, (label, kind, name) in sorted(message["fields"].items())]
        if message["oneof"]:
            lines += [f"{inner}oneof choice {{"] + [f"{inner}  {kind} {name} = {number};" for number, (_, kind, name) in sorted(message["oneof"].items())] + [inner + "}"]
        for values in message["enums"]:
            lines += [f"{inner}enum E{message['name']} {{"] + [f"{inner}  {name} = {value};" for name, value in values.items()] + [inner + "}"]
        lines += [self.text(each, inner) for each in message["messages"]]
        return "\n".join(lines + [indent + "}"])

    def pair(self):
        messages = [self.message("M", 2)] + ([self.message("N", 0)] if self.rng.random() < 0.4 else [])
        original = self.file(messages, "p")
        for _ in range(self.rng.randint(1, 2)):
            self.change(self.rng.choice(messages))
        package = "q" if self.rng.random() < 0.03 else "p"
        if len(messages) > 1 and self.rng.random() < 0.1:
            messages.pop()
        return {"type": "PROTOBUF", "original": original, "update": self.file(messages, package)}

    def file(self, messages, package):
        return f'syntax = "proto3";\npackage {package};\n' + "\n".join(self.text(each) for each in messages) + "\n"
