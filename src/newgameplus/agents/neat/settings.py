"""neat-python's configuration file: read, checked key by key, and kept whole in the manifest of a run."""

from __future__ import annotations

import configparser
import hashlib
import math
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import neat

from newgameplus.agents.neat.connection import ConnectionGene
from newgameplus.agents.neat.genes import ACTIVATIONS, AGGREGATIONS
from newgameplus.agents.neat.genome import Genome
from newgameplus.errors import UsageError, did_you_mean

AUTO = "auto"
"""Value of ``num_inputs`` and ``num_outputs`` that takes the world's."""
_MAX_BYTES = 1 << 16
_INITIAL = (
    "unconnected", "fs_neat", "fs_neat_nohidden", "fs_neat_hidden", "full", "full_nodirect", "full_direct",
    "partial", "partial_nodirect", "partial_direct",
)  # fmt: skip
_TRUTHS = {"default", "true", "false", "1", "0", "yes", "no", "on", "off"}

Read = Callable[[str], str]
"""From a value's text to the text that neat-python reads; raises ValueError with what was expected."""


def _whole(text: str) -> str:
    if not text.lstrip("-").isdecimal():
        raise ValueError("a whole number")
    return text


def _count(text: str) -> str:
    if not text.isdecimal():
        raise ValueError("a whole number from 0")
    return text


def _size(text: str) -> str:
    if text.lower() == AUTO:
        return AUTO
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"a whole number from 1, or {AUTO}")
    return text


def _number(text: str) -> str:
    try:
        is_finite = math.isfinite(float(text))
    except ValueError:
        is_finite = False
    if not is_finite:
        raise ValueError("a number")
    return text


def _truth(text: str) -> str:
    states = configparser.ConfigParser.BOOLEAN_STATES
    if text.lower() not in states:
        raise ValueError("True or False")
    return str(states[text.lower()])


def _word(*choices: str) -> Read:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text.lower()

    return read


def _words(choices: tuple[str, ...]) -> Read:
    def read(text: str) -> str:
        words = text.lower().split()
        if not words or (unknown := [word for word in words if word not in choices]):
            raise ValueError(f"some of {', '.join(choices)}, not {', '.join(unknown) if words else 'nothing'}")
        return " ".join(words)

    return read


def _initial_connection(text: str) -> str:
    kind, _, fraction = text.lower().partition(" ")
    needs_fraction = kind.startswith("partial")
    if kind not in _INITIAL or needs_fraction != bool(fraction.strip()):
        raise ValueError(f"one of {', '.join(_INITIAL)}, after partial… with a share of the connections")
    if needs_fraction and not 0 <= float(_number(fraction.strip())) <= 1:
        raise ValueError("a share from 0 to 1")
    return f"{kind} {fraction.strip()}".strip()


@dataclass(frozen=True, slots=True)
class _Key:
    read: Read
    default: str | None = None
    """neat-python's default; None if the key must be there."""


def _floats(name: str, **defaults: str) -> dict[str, _Key]:
    """Keys of a number that is drawn and mutated."""
    numbers = ("init_mean", "init_stdev", "replace_rate", "mutate_rate", "mutate_power", "max_value", "min_value")
    keys = {f"{name}_{key}": _Key(_number, defaults.get(key)) for key in numbers}
    kinds = _word("gaussian", "gauss", "normal", "uniform")
    return {**keys, f"{name}_init_type": _Key(kinds, "gaussian")}


_TIME_CONSTANT = {
    "init_mean": "1.0", "init_stdev": "0.0", "replace_rate": "0.0", "mutate_rate": "0.0", "mutate_power": "0.0",
    "max_value": "10.0", "min_value": "0.01",
}  # fmt: skip

KEYS: Mapping[str, Mapping[str, _Key]] = {
    "NEAT": {
        "fitness_criterion": _Key(_word("max", "min", "mean")),
        "fitness_threshold": _Key(_number),
        "no_fitness_termination": _Key(_truth, "False"),
        "pop_size": _Key(_count),
        "reset_on_extinction": _Key(_truth),
        "seed": _Key(_whole, ""),
    },
    "DefaultStagnation": {
        "species_fitness_func": _Key(_word("max", "min", "mean", "median", "median2"), "mean"),
        "max_stagnation": _Key(_count, "15"),
        "species_elitism": _Key(_count, "0"),
    },
    "DefaultReproduction": {
        "elitism": _Key(_count, "0"),
        "survival_threshold": _Key(_number, "0.2"),
        "min_species_size": _Key(_count, "1"),
    },
    "DefaultSpeciesSet": {"compatibility_threshold": _Key(_number)},
    "DefaultGenome": {
        "num_inputs": _Key(_size),
        "num_outputs": _Key(_size),
        "num_hidden": _Key(_count),
        "feed_forward": _Key(_truth),
        "initial_connection": _Key(_initial_connection, "unconnected"),
        "compatibility_disjoint_coefficient": _Key(_number),
        "compatibility_weight_coefficient": _Key(_number),
        "conn_add_prob": _Key(_number),
        "conn_delete_prob": _Key(_number),
        "node_add_prob": _Key(_number),
        "node_delete_prob": _Key(_number),
        "single_structural_mutation": _Key(_truth, "False"),
        "structural_mutation_surer": _Key(_word(*_TRUTHS), "default"),
        "activation_default": _Key(_word(*ACTIVATIONS, "random"), "random"),
        "activation_options": _Key(_words(ACTIVATIONS)),
        "activation_mutate_rate": _Key(_number),
        "aggregation_default": _Key(_word(*AGGREGATIONS, "random"), "random"),
        "aggregation_options": _Key(_words(AGGREGATIONS)),
        "aggregation_mutate_rate": _Key(_number),
        "enabled_default": _Key(_word("true", "false", "1", "0", "yes", "no", "on", "off", "random", "none")),
        "enabled_mutate_rate": _Key(_number),
        "enabled_rate_to_true_add": _Key(_number, "0.0"),
        "enabled_rate_to_false_add": _Key(_number, "0.0"),
        **_floats("bias"),
        **_floats("response"),
        **_floats("weight"),
        **_floats("time_constant", **_TIME_CONSTANT),
    },
}
"""Sections and keys of neat-python 2.0."""
_WARNED = frozenset({"no_fitness_termination"})
"""Keys with a default that neat-python 2.0 nevertheless demands."""

Sections = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class NeatFile:
    """A configuration file of neat-python, with its text, so that a run stays as it was begun."""

    path: str
    """Where it was read, or the name of one of ours."""
    sha256: str
    """Hash of its bytes."""
    text: str
    """Its text."""

    def __post_init__(self) -> None:
        if hashlib.sha256(self.text.encode()).hexdigest() != self.sha256:
            raise UsageError(f"The text of {self.path} is not the one whose hash was recorded with it.")
        self.sections()

    @classmethod
    def from_text(cls, text: str) -> NeatFile:
        """Read the file at the path ``text``, and say which keys it lacks that neat-python demands.

        Raises:
            ValueError: it is not there or not valid; the message is a clause without a stop.
        """
        try:
            with Path(text).open("rb") as file:
                content = file.read(_MAX_BYTES + 1)
            if len(content) > _MAX_BYTES:
                raise ValueError(f"it is larger than {_MAX_BYTES:,} bytes")
            file_text = content.decode()
        except OSError as error:
            raise ValueError(f"it cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise ValueError("it is no text in UTF-8") from error
        found = cls(text, hashlib.sha256(content).hexdigest(), file_text)
        missing = [key for section, key in _missing(_parsed(file_text)) if key in _WARNED]
        if missing:
            print(  # noqa: T201 - warnings.warn would raise under -W error
                f"{text} lacks {', '.join(missing)}; neat-python's default is taken.", file=sys.stderr
            )
        return found

    def sections(self) -> Sections:
        """Return all sections with all keys, defaults included, in the words that neat-python reads.

        Raises:
            ValueError: a section or key is unknown, missing or has no valid value.
        """
        found = _parsed(self.text)
        _check_names(found)
        for section, name in _missing(found):
            default = KEYS[section][name].default
            if default is None:
                raise ValueError(f"[{section}] lacks the key {name!r}")
            found[section][name] = default
        read = {
            section: {name: _read(section, name, value) for name, value in keys.items() if value}
            for section, keys in found.items()
        }
        _check_together(read)
        return read


def _parsed(text: str) -> Sections:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(f"it is no INI file: {str(error).splitlines()[0].rstrip('.')}") from error
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _check_names(found: Sections) -> None:
    for section in found:
        if section not in KEYS:
            raise ValueError(f"neat-python has no section [{section}]{did_you_mean(section, KEYS).rstrip('.')}")
    for section in KEYS:
        if section not in found:
            raise ValueError(f"it lacks the section [{section}]")
        for name in found[section]:
            if name not in KEYS[section]:
                hint = did_you_mean(name, KEYS[section]).rstrip(".")
                raise ValueError(f"[{section}] has no key {name!r} in neat-python{hint}")
    if "seed" in found["NEAT"]:
        raise ValueError("the random numbers are those of the run's --seed, so leave out the key 'seed'")


def _missing(found: Sections) -> list[tuple[str, str]]:
    return [
        (section, name)
        for section, keys in KEYS.items()
        for name in keys
        if name not in found.get(section, {}) and name != "seed"
    ]


def _read(section: str, name: str, value: str) -> str:
    try:
        return KEYS[section][name].read(value.strip())
    except ValueError as error:
        raise ValueError(f"{name} in [{section}] is {value!r}, but should be {error}") from None


def _check_together(read: Sections) -> None:
    """Check what several keys say together."""
    genome, reproduction = read["DefaultGenome"], read["DefaultReproduction"]
    size = int(read["NEAT"]["pop_size"])
    least = max(2, int(reproduction["elitism"]) + 1, int(reproduction["min_species_size"]))
    if size < least:
        raise ValueError(f"a population of {size} cannot evolve here: pop_size must be at least {least}")
    for name in ("activation", "aggregation"):
        default, options = genome[f"{name}_default"], genome[f"{name}_options"].split()
        if default != "random" and default not in options:
            raise ValueError(f"{name}_default {default} is not among its {name}_options {' '.join(options)}")
    for name in ("bias", "response", "weight", "time_constant"):
        if float(genome[f"{name}_max_value"]) < float(genome[f"{name}_min_value"]):
            raise ValueError(f"{name}_max_value is below {name}_min_value")


def neat_config(file: NeatFile, num_inputs: int, num_outputs: int) -> Any:
    """Return neat-python's configuration for a world.

    Args:
        file: the file.
        num_inputs: number of pixels that the agent sees.
        num_outputs: number of its outputs, buttons or actions.

    Raises:
        UsageError: it names other numbers, or neat-python refuses it.
    """
    sections = file.sections()
    for name, number, what in (("num_inputs", num_inputs, "pixels"), ("num_outputs", num_outputs, "outputs")):
        named = sections["DefaultGenome"][name]
        if named not in (AUTO, str(number)):
            raise UsageError(
                f"{file.path} has {name} = {named}, but here are {number:,} {what}: write {name} = {AUTO}."
            )
        sections["DefaultGenome"][name] = str(number)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "neat.cfg"
        with path.open("w") as out:
            parser = configparser.ConfigParser(interpolation=None)
            parser.read_dict(sections)
            parser.write(out)
        config: Any = neat.Config(
            neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet, neat.DefaultStagnation, str(path)
        )
    config.genome_type = Genome
    config.genome_config.connection_gene_type = ConnectionGene
    return config


def changed(file: NeatFile, **values: object) -> NeatFile:
    """Return a file with other values of some keys, without its comments."""
    sections = _parsed(file.text)
    lines = []
    for section, keys in sections.items():
        found = keys | {name: str(values[name]) for name in KEYS[section] if name in values}
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in found.items())]
    text = "\n".join(lines) + "\n"
    return NeatFile(file.path, hashlib.sha256(text.encode()).hexdigest(), text)


def own_file(name: str) -> NeatFile:
    """Return the file called ``name`` that comes with this package."""
    content = Path(__file__).with_name(name).read_bytes()
    return NeatFile(name, hashlib.sha256(content).hexdigest(), content.decode())
