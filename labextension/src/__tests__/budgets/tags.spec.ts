import { plainTags } from '../../budgets/tags';

describe('tags in a message', () => {
  it.each([
    ['List<int> vs <div>x</div>', 'List\\<int> vs \\<div>x\\</div>'],
    ['<script>alert(1)</script>', '\\<script>alert(1)\\</script>'],
    ['<!-- x --><?php ?><![CDATA[x]]>', '\\<!-- x -->\\<?php ?>\\<![CDATA[x]]>'],
    ['a < b && b <c', 'a < b && b \\<c'],
    ['1 <2 <- x', '1 <2 <- x'],
    ['\\<b> \\\\<b>', '\\<b> \\\\\\<b>']
  ])('are text: %j', (typed, markdown) => expect(plainTags(typed)).toBe(markdown));

  it.each([
    '`List<int>` and ``a ` <b>``',
    '```cpp\nvector<int> v;\n```',
    '~~~\n<div>\n```\n<div>\n~~~',
    '    indented<int>\n    <b>',
    'see <https://example.org/a?b=c> and <me@example.org>',
    '> quoted\n\n- listed',
    ''
  ])('stay in code and addresses: %j', typed => expect(plainTags(typed)).toBe(typed));

  it.each([
    ['```\n<a>\n```\n<b>', '```\n<a>\n```\n\\<b>'],
    ['`<a> and <b>', '`\\<a> and \\<b>'],
    ['`<a>\n\n<b>`', '`\\<a>\n\n\\<b>`'],
    ['```List<int>``` is not List<str>\n<b>', '```List<int>``` is not List\\<str>\n\\<b>'],
    ['1. ```\n   a<b>\n   ```\n<b>', '1. ```\n   a<b>\n   ```\n\\<b>'],
    ['> ```\n> a<b>', '> ```\n> a<b>'],
    ['- one\n\n    two<b>', '- one\n\n    two\\<b>'],
    ['- one\n\nthree\n\n    four<b>', '- one\n\nthree\n\n    four<b>'],
    ['text\n    <b>', 'text\n    \\<b>'],
    ['    <a>\n<b>', '    <a>\n\\<b>']
  ])('are text again behind code: %j', (typed, markdown) => expect(plainTags(typed)).toBe(markdown));
});
