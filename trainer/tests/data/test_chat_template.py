"""Templates come from a download: they render chats and reach nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dream_sft.data.chat_template import ChatTemplate, load_chat_template
from dream_sft.io.errors import DataError

USER = [{"role": "user", "content": "Hi <b>"}]


def test_tojson_does_not_escape_html() -> None:
    template = ChatTemplate("{{ messages[0].content | tojson }}", "here")
    assert template.render(USER, add_generation_prompt=False) == '"Hi <b>"'


def test_unsafe_attributes_are_refused() -> None:
    template = ChatTemplate("{{ ''.__class__.__mro__[1].__subclasses__() }}", "here")
    with pytest.raises(DataError, match="here"):
        template.render(USER, add_generation_prompt=False)


def test_complaint_of_the_template_is_shown() -> None:
    template = ChatTemplate("{{ raise_exception('only one turn') }}", "here")
    with pytest.raises(DataError, match="only one turn"):
        template.render(USER, add_generation_prompt=False)


def test_empty_chat_and_broken_template_are_refused() -> None:
    with pytest.raises(DataError, match="at least one message"):
        ChatTemplate("x", "here").render([], add_generation_prompt=True)
    with pytest.raises(DataError, match="damaged chat template"):
        ChatTemplate("{% if %}", "here")


def test_config_template_is_used_when_there_is_no_file(tmp_path: Path) -> None:
    template = load_chat_template(tmp_path, {"chat_template": "{{ messages[0].role }}"})
    assert template.render(USER, add_generation_prompt=False) == "user"
    with pytest.raises(DataError, match=r"chat_template\.jinja"):
        load_chat_template(tmp_path, {})
