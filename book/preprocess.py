"""mdBook's preprocessor: what pages say to readers of the repository, for readers of the site.

Links that leave the book, to files that are not pages, lead to the repository; what tests allow to vary is an ellipsis.
"""

import json
import posixpath
import re
import sys

LINK = re.compile(r"\]\(((?:\.\./)+[^)\s]*)\)")


def outward(text, page, base):
    """The text of a page, its links out of the book as addresses below `base`."""

    def replace(match):
        target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), match[1]))
        return match[0] if target.startswith("docs/") else f"]({base}/{target})"

    return LINK.sub(replace, text)


def walk(items, base):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter and chapter["path"]:
            chapter["content"] = outward(chapter["content"], chapter["path"], base).replace("[..]", "…")
            walk(chapter["sub_items"], base)


if sys.argv[1:2] == ["supports"]:
    sys.exit(0)
context, book = json.load(sys.stdin)
repository = context["config"]["output"]["html"]["git-repository-url"]
walk(book.get("items", book.get("sections", [])), f"{repository}/blob/main")
json.dump(book, sys.stdout)
