"""Judges files by the JSON Schemas alone: python3 judge.py SCHEMAS FILE... prints FILE, a tab, and accept, reject or unreadable.

The kind of a file, and so its schema, is the first word of its name. Scalars are read by the JSON schema of YAML 1.2 (section 10.2), as editors
do that know YAML 1.2: only true, false, null and decimal numbers are anything but text.
"""

import json
import pathlib
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}


def resolve(tag, pattern, first):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


digits = list("-0123456789")
resolve("null", r"^(?:null|)$", ["n", ""])
resolve("bool", r"^(?:true|false)$", ["t", "f"])
resolve("int", r"^-?(?:0|[1-9][0-9]*)$", digits)
resolve("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$", digits)



def mapping(loader, node):
    """Keys are text, whatever they look like, as in JSON."""
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key that is no scalar", key.start_mark)
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


Loader.add_constructor("tag:yaml.org,2002:map", mapping)
folder = pathlib.Path(sys.argv[1])
validators = {}
for path in folder.glob("*.schema.json"):
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validators[path.name.split(".")[0]] = jsonschema.Draft202012Validator(schema)

for name in sys.argv[2:]:
    validator = validators[pathlib.Path(name).name.split("-")[0]]
    try:
        documents = list(yaml.load_all(pathlib.Path(name).read_text(encoding="utf-8"), Loader))
        value = documents[0] if len(documents) == 1 else documents
    except yaml.YAMLError:
        print(f"{name}\tunreadable")
        continue
    print(f"{name}\t{'accept' if validator.is_valid(value) else 'reject'}")
