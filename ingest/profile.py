"""Read an authority profile: what its files, headings, wordings and dates are called there.

Belongs here: the shape of a profile, its strict reading (unknown keys are refused with the line and a
suggestion) and its code maps. Does not belong here: the list of feeds (feeds.py), the rules beyond the shape
(profile_problems.py), opening an extract (read.py), storing anything (load.py).
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
)

from ingest.feeds import YAML_LOADER, normalise_wording, read_feeds
from ingest.profile_problems import (
    Lines,
    Problem,
    check_codes,
    check_names,
    construct,
    explain,
    problem_at,
    take_out,
)

PROFILES_FOLDER = Path(__file__).with_name("profiles")
MOST_ROUNDS = 5  # of taking out what is wrong: a fault may stand inside another


class ProfileError(ValueError):
    """A profile cannot be used. `problems` holds every one found, in the order of the file."""

    def __init__(self, file_name: str, problems: list[Problem]):
        self.problems = sorted(problems, key=lambda problem: problem.line)
        lines = "\n".join(f"  {problem.message}" for problem in self.problems)
        super().__init__(f"the profile {file_name} cannot be used:\n{lines}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Disclosure(_Strict):
    """The small-number rule of the published tables."""

    hide_up_to: int = Field(4, ge=0)
    round_to: int | None = Field(None, ge=1)


class Meaning(_Strict):
    """What a wording stands for, and from when to when (both days included)."""

    member: str
    valid_from: date | None = Field(None, alias="from")
    valid_to: date | None = Field(None, alias="to")


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_meanings(value: Any) -> Any:
    return [{"member": one} if isinstance(one, str) else one for one in _as_list(value)]


Headings = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
Meanings = Annotated[tuple[Meaning, ...], BeforeValidator(_as_meanings), Field(min_length=1)]


class Source(_Strict):
    """One kind of file and the feed that it carries."""

    feed: str
    source_system: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    files: str = Field(min_length=1)
    format: Literal["csv", "xlsx"]
    sheet: str | None = None
    delimiter: str = Field(",", min_length=1, max_length=1)
    encoding: Literal["utf-8", "cp1252", "utf-16", "latin-1"] = "utf-8"
    quote: str = Field('"', min_length=1, max_length=1)
    extract: Literal["full", "changes"]
    complete_from: date | None = None
    key_pattern: str | None = None
    dates: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    list_separator: str = ";"
    rows_when: Headings | None = None
    max_missing_percent: float = Field(10.0, ge=0, le=100)
    constants: dict[str, str] = {}
    headings: dict[str, Headings]

    @field_validator("delimiter", mode="before")
    @classmethod
    def _tab(cls, value: Any) -> Any:
        return "\t" if value in ("tab", "\\t") else value

    def matches(self, file_name: str) -> bool:
        """Whether the source reads a file of this name: * and ? are wild, everything else is literal."""
        pattern = "".join(
            {"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in self.files.casefold()
        )
        return re.fullmatch(pattern, file_name.casefold(), re.DOTALL) is not None

    def heading(self, column: str) -> str | None:
        """The first (preferred) heading of a canonical column; None when the source does not carry it."""
        return self.headings[column][0] if column in self.headings else None


class Profile(_Strict):
    """Everything the warehouse knows about how one authority records."""

    authority: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    time_zone: str = "Europe/London"
    marker: str | None = None
    targets: dict[str, Annotated[float, Field(ge=0, le=100)]] = {}
    grace_working_days: int = Field(10, ge=0)
    disclosure: Disclosure = Disclosure()
    missing_feeds: dict[str, str] = {}
    sector_lines: dict[str, str] = {}
    sources: tuple[Source, ...]
    codes: dict[str, dict[str, Meanings]] = {}
    _hash: str = PrivateAttr("")

    @property
    def profile_hash(self) -> str:
        """SHA-256 of the profile's text: a file refused under another text is judged again under this one."""
        return self._hash

    def sources_of(self, file_name: str) -> list[Source]:
        """The sources that read this file: the first that matches for each feed and system."""
        first: dict[tuple[str, str], Source] = {}
        for source in self.sources:
            if source.matches(file_name):
                first.setdefault((source.feed, source.source_system), source)
        return list(first.values())

    @cached_property
    def booleans(self) -> dict[str, dict[str, str]]:
        """Local wordings of boolean columns: column -> normalised wording -> 'true' or 'false'."""
        names = {
            c.name for feed in read_feeds().values() for c in feed.columns.values() if c.type == "boolean"
        }
        return {
            column: {normalise_wording(wording): meanings[0].member for wording, meanings in wordings.items()}
            for column, wordings in self.codes.items()
            if column in names
        }

    def wordings(self, list_name: str, member: str, on: date | None = None) -> list[str]:
        """The local wordings of a member (on a day, when one is given), in the order of the profile."""
        return [
            wording
            for wording, meanings in self.codes.get(list_name, {}).items()
            for meaning in meanings
            if meaning.member == member
            and (on is None or (meaning.valid_from or on) <= on <= (meaning.valid_to or on))
        ]


def read_profiles(
    folders: Iterable[Path] = (PROFILES_FOLDER,), code_lists: Path | None = None
) -> dict[str, Profile]:
    """Every profile of the folders by authority; of two for one authority the later folder's counts.

    Files whose name begins with _ are not profiles. `code_lists` is the seed of closed lists (columns
    list_name, member); without it members are not checked. Raises ProfileError for the first unusable one.
    """
    profiles, unusable = read_usable_profiles(folders, code_lists)
    for error in unusable.values():
        raise error
    return profiles


def read_usable_profiles(
    folders: Iterable[Path] = (PROFILES_FOLDER,), code_lists: Path | None = None
) -> tuple[dict[str, Profile], dict[str, ProfileError]]:
    """As `read_profiles`, but what cannot be used stops its own authority alone: profiles, and errors by authority.

    An unusable profile is not replaced by the earlier folder's of the same authority, which reads other extracts.
    """
    paths = [path for folder in folders for path in sorted(Path(folder).glob("*.yml")) if path.name[0] != "_"]
    profiles: dict[str, Profile] = {}
    unusable: dict[str, ProfileError] = {}
    # The file's name must be the authority's, so that it is known even where the content cannot be read.
    for path in {path.stem: path for path in paths}.values():
        try:
            profiles[path.stem] = read_profile(path, code_lists)
        except ProfileError as error:
            unusable[path.stem] = error
    return profiles, unusable


def read_profile(path: Path, code_lists: Path | None = None) -> Profile:
    """One profile. Raises ProfileError with every problem found, each with its line."""
    profile, problems, _ = examine(Path(path), read_closed_lists(code_lists) if code_lists else None)
    if profile is None or problems:
        raise ProfileError(Path(path).name, problems)
    return profile


def read_closed_lists(path: Path) -> dict[str, set[str]]:
    """Members of each closed code list."""
    lists: dict[str, set[str]] = {}
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            lists.setdefault(row["list_name"], set()).add(row["member"])
    return lists


def examine(path: Path, closed: dict[str, set[str]] | None) -> tuple[Profile | None, list[Problem], Lines]:
    """The profile if it has the right shape, all of its problems, and the line of every key path."""
    lines: Lines = {}
    problems: list[Problem] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = construct(yaml.compose(text, YAML_LOADER), (), lines, problems)
    except UnicodeDecodeError:
        return None, [Problem(0, "the profile is not in UTF-8: save it again with that encoding")], lines
    except yaml.YAMLError as error:
        mark, told = getattr(error, "problem_mark", None), getattr(error, "problem", "unexpected characters")
        line = mark.line + 1 if mark else 0
        return None, [Problem(line, f"not readable as YAML at line {line}: {told}")], lines
    if not isinstance(data, dict):
        return None, [Problem(1, "the profile is empty: copy _template.yml")], lines
    profile, broken = _read_shape(data, lines, problems)
    if profile is None:
        return None, problems, lines
    profile._hash = hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()
    if path.stem != profile.authority and ("authority",) not in broken:
        problems.append(
            problem_at(lines, ("authority",), f"`{profile.authority}` must be the file's name, {path.stem}")
        )
    problems += check_names(profile, lines, broken) + check_codes(profile, lines, closed)
    return None if broken else profile, problems, lines


def _read_shape(data: dict, lines: Lines, problems: list[Problem]) -> tuple[Profile | None, set[tuple]]:
    """The profile without what has not the right shape, and the paths of that: one mistake must not hide the others.

    Adds each fault of the shape to `problems`. None when no profile is left.
    """
    parts = {"": Profile, "sources": Source, "disclosure": Disclosure, "codes": Meaning}
    known = {part: [f.alias or k for k, f in model.model_fields.items()] for part, model in parts.items()}
    broken: set[tuple] = set()
    for _ in range(MOST_ROUNDS):
        try:
            return Profile.model_validate(data), broken
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
        problems += [explain(one, lines, known) for one in found]
        # From the back, as taking an element out of a list moves those behind it.
        broken |= {take_out(data, tuple(one["loc"])) for one in reversed(found)}
    return None, broken
