"""HTML in normal form: what reads the same is the same, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import markup
from controller.markup import canonical

SAME = [
    ("x", "<html><body>x</body></html>"),
    (
        "x",
        '<html>\r\n<head>\r\n<meta charset="utf-8"><title>t</title></head>\r\n<body>\r\nx\r\n</body>\r\n</html>\r\n',
    ),
    ("x", "<!DOCTYPE html><html><head><style>p {color: red}</style></head><body bgcolor=white>x"),
    ("", "<html><body>\r\n</body></html>"),
    ("", None),
    ("l'&eacute;t&eacute; &amp; l&#39;hiver", "l'été & l'hiver"),
    ("4&nbsp;h", "4\u00a0h"),
    ("<P>a</P>", "<p>a</p>"),
    ("<p>a<p>b", "<p>a</p>\n<p>b</p>"),
    ("<p>a\r\n   b</p>", "<p>a b</p>"),
    ("<p>a <b> b</b></p>", "<p>a<b> b</b></p>"),
    ("<b>a </b>b", "<b>a</b> b"),
    ("a<br>\nb", "a<br/>b"),
    ("a<BR />b", "a</br>b"),
    ("<img alt='b' src=\"a\">", '<IMG src=a alt="b"/>'),
    ('<p style="color: red; MARGIN:0">x</p>', "<p style='color:red;margin:0;'>x</p>"),
    ("<ul><li>a<li>b</ul>", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
    (
        "<table><tr><td>a<td>b<tr><td>c</table>",
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
    ),
    ("a<!-- b -->c", "ac"),
    ('<p onclick="x()">a</p><script>alert(1)</script>', "<p>a</p>"),
    ("<p>a&lt;b</p>", "<p>a&#60;b</p>"),
    ("a <a href='https://e.example/?a=1&amp;b=2'>l</a>", 'a <a href="https://e.example/?a=1&b=2">l</a>'),
    ("<pre>\na\n  b</pre>", "<pre>a\r\n  b</pre>"),
    ("<p title=l'été>a</p>", '<p title="l\'été">a</p>'),
    ("<div>a</div>b", "<div> a </div> b"),
]
OTHER = [
    ("a", "b"),
    ("<p>a</p><p>b</p>", "<p>a b</p>"),
    ("4 h", "4\u00a0h"),
    ("<b>a</b>", "a"),
    ("a<br>b", "a b"),
    ("<a href='x'>a</a>", "<a href='y'>a</a>"),
    ("ab", "a<b> b</b>"),
    ("<p style='color:red'>a</p>", "<p style='color:blue'>a</p>"),
    ("Écrivez à <support@entreprise.example>", "Écrivez à"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_reads_the_same_is_the_same(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_reads_otherwise_is_not(one, other):
    one = markup.from_text(one) if not markup.is_markup(one) else one
    other = markup.from_text(other) if not markup.is_markup(other) else other
    assert canonical(one) != canonical(other)


PIECES = st.sampled_from(
    ["<p>", "</p>", "<b>", "</b>", "<br>", "<pre>", "</pre>", "<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>",
     "</table>", "<div>", "</div>", "<a href='x y'>", "</a>", "<img src=q>", "<!--", "-->", "<script>", "</script>",
     "<head>", "</head>", "<body>", "<style>", "<textarea>", "</textarea>", "<title>", "&amp;", "&lt", "&#10;",
     "&nbsp;", " ", "\n", "\r\n", "a", "b ", "<", ">", "&", "\"", "'", "<p style='A : b; c'>", "</", "<!", "<?", "é",
     "<span>", "</span>", "<dl><dt>", "<dd>", "<![if x]>", "<a b='", "<a b=", "c='>", "<p title=l'x>", "<I>", "<o:p>", "<p/>"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join)))
def test_the_normal_form_of_a_normal_form_is_itself(text):
    once = canonical(text)
    assert canonical(once) == once


@given(st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join)))
def test_what_a_service_wraps_around_it_does_not_matter(text):
    once = canonical(text)
    wrapped = (
        f'<html>\r\n<head>\r\n<meta charset="utf-8">\r\n</head>\r\n<body>\r\n{once}\r\n</body>\r\n</html>\r\n'
    )
    assert canonical(wrapped) == once


@pytest.mark.parametrize(
    "piece",
    ["<", "<a ", "<!--", "</", "&", "<p>", "<b>", "<a x='", '<a ">" ', "<div ", " <i> ", "<table><td>", "<pre>\n",
     "<script>", "<style>x</style>", "<a x=\">'", "<!", "<a b='>\"'>", "<a =\"", "</b><b>", "a=  "]
)  # fmt: skip
def test_no_text_keeps_it_busy(piece):
    """Each of these took the standard library's parser, or an earlier form of this one, minutes."""
    text = (piece * 130_000)[:130_000]
    assert canonical(canonical(text)) == canonical(text)
    markup.is_markup(text)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"))))
def test_plain_text_arrives_as_it_was_written(text):
    seen = canonical(markup.from_text(text))
    assert markup.html.unescape(seen).split() == text.split()


def test_plain_text_keeps_its_line_breaks():
    assert markup.from_text("Bonjour,\n\nR&D <a@b.example>\n") == (
        "<html><body>Bonjour,<br><br>R&amp;D &lt;a@b.example&gt;</body></html>"
    )


@pytest.mark.parametrize("text", ["a < b > c", "<support@entreprise.example>", "R&D", "<<", "<prenom>"])
def test_what_only_looks_like_markup_is_text(text):
    assert not markup.is_markup(text)


@pytest.mark.parametrize(
    "text", ["<p>a</p>", "a<br/>b", "<HTML>", "a <b class='x'>b</b>", "<!doctype html>a"]
)
def test_a_tag_makes_it_markup(text):
    assert markup.is_markup(text)
