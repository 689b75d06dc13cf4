"""Chat templates of model folders, rendered in a sandbox: a template is data, not trusted code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dream_sft.data.tokenizer import Message
from dream_sft.io.errors import DataError

TEMPLATE_FILE = "chat_template.jinja"


class ChatTemplate:
    """Renders messages as Hugging Face's `apply_chat_template` does: blocks trimmed, `tojson`
    without HTML escapes, `raise_exception` for the template's own complaints."""

    def __init__(self, source: str, origin: str) -> None:
        """Raises DataError when `source` is not a template; `origin` names it in messages."""
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _complain
        self._origin = origin
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise DataError(f"{origin}: damaged chat template ({error})") from error

    def render(
        self, messages: Sequence[Message], *, add_generation_prompt: bool, **names: Any
    ) -> str:
        """The chat's text; raises DataError when the template refuses the messages."""
        if not messages:
            raise DataError(f"{self._origin}: a chat needs at least one message")
        try:
            return self._template.render(
                messages=list(messages), add_generation_prompt=add_generation_prompt, **names
            )
        except (TemplateError, TypeError) as error:
            raise DataError(f"{self._origin}: cannot render these messages ({error})") from error


def load_chat_template(folder: Path, config: dict[str, Any]) -> ChatTemplate:
    """chat_template.jinja of `folder`, else `chat_template` of its config; DataError if neither."""
    path = folder / TEMPLATE_FILE
    try:
        if path.is_file():
            return ChatTemplate(path.read_text(encoding="utf-8"), str(path))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); fetch it again") from error
    source = config.get("chat_template")
    if isinstance(source, str):
        return ChatTemplate(source, f"chat template of {folder}")
    raise DataError(
        f"{folder}: no {TEMPLATE_FILE} and no chat_template in tokenizer_config.json; "
        "take all tokenizer files of the base model"
    )


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _complain(message: str) -> NoReturn:
    raise TemplateError(message)
