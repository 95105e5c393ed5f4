"""Is a page that is the same rendered once?"""

from __future__ import annotations

from jupyter_interview.facade.page import KeptPages, Rendered


def test_a_page_is_rendered_once_and_few_are_kept() -> None:
    rendered: list[str] = []

    def ask(key: str) -> str:
        def render() -> Rendered:
            rendered.append(key)
            return Rendered(f"<p>{key}", (), ())

        return kept.page(key, render).html

    kept = KeptPages(2)
    for key in "aabab":
        assert ask(key) == f"<p>{key}"
    assert rendered == ["a", "b"]
    for key in "cba":
        ask(key)
    assert rendered == ["a", "b", "c", "a"], "the one that was asked for longest ago gives way"
