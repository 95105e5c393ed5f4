"""What is run in each language to see that its kernel does what it should?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Pieces of code in one language.

    Attributes:
        hello: writes ``héllo 😀``.
        wrong: is wrong on its third line, which is told before anything of it runs where the language allows that.
        fails: runs, and fails on its third line.
        waits: writes ``one`` at once, and then goes on for ever.
        busy: computes for ever, without a pause.
        reads: reads standard input.
        keeps: two cells, the second of which writes ``kept`` because of the first; ``None`` where each is by itself.
        flood: writes several megabytes, and ends.
    """

    hello: str
    wrong: str
    fails: str
    waits: str
    busy: str
    reads: str
    flood: str
    keeps: tuple[str, str] | None = None


_C_WAITS = """#include <stdio.h>
#include <unistd.h>
int main(void) { printf("one\\n"); for (;;) sleep(1); }"""
_C_FLOOD = f"""#include <stdio.h>
int main(void) {{ for (int i = 0; i < 40000; i++)
  puts("{"0123456789" * 10}"); }}"""

SAMPLES = {
    "python": Sample(
        hello="print('héllo 😀')",
        wrong="x = 1\n\ny = = 2",
        fails="x = 1\n\nx / 0",
        waits="import time\nprint('one')\nwhile True: time.sleep(1)",
        busy="print('begun')\nwhile True: pass",
        reads="input()",
        flood="for _ in range(40_000): print('0123456789' * 10)",
        keeps=("x = 'kept'", "print(x)"),
    ),
    "javascript": Sample(
        hello="console.log('héllo 😀')",
        wrong="let a = 1;\n\nlet b = = 2;",
        fails="let a = 1;\n\nnull.x;",
        waits="console.log('one');\nsetInterval(() => undefined, 1000);",
        busy="console.log('begun')\nwhile (true) {}",
        reads="process.stdin.on('data', () => 0);",
        flood="for (let i = 0; i < 40000; i++) console.log('0123456789'.repeat(10));",
        keeps=("const kept = 'kept';", "console.log(kept);"),
    ),
    "typescript": Sample(
        hello="const text: string = 'héllo 😀';\nconsole.log(text);",
        wrong="let a: number = 1;\n\nlet b = = 2;",
        fails="enum E { A }\nclass C { constructor(private x: E) {} f() {\n  throw Error('x'); } }\nnew C(E.A).f();",
        waits="console.log('one');\nsetInterval((): void => undefined, 1000);",
        busy="console.log('begun')\nwhile (true) {}",
        reads="process.stdin.on('data', (x: unknown) => 0);",
        flood="for (let i: number = 0; i < 40000; i++) console.log('0123456789'.repeat(10));",
        keeps=("interface K { k: string }\nconst kept: K = { k: 'kept' };", "console.log(kept.k);"),
    ),
    "java": Sample(
        hello='public class Greeter { public static void main(String[] a) { System.out.println("héllo 😀"); } }',
        wrong='public class A {\n  public static void main(String[] a) {\n    int x = "s";\n  }\n}',
        fails="public class A {\n  public static void main(String[] a) {\n    System.out.println(a[5]);\n  }\n}",
        waits="class A { public static void main(String[] a) throws Exception {"
        ' System.out.println("one"); while (true) Thread.sleep(1000); } }',
        busy="class A { public static void main(String[] a) { while (true) {} } }",
        reads="import java.util.*;\nclass A { public static void main(String[] a) {"
        " System.out.println(new Scanner(System.in).hasNext()); } }",
        flood="class A { public static void main(String[] a) {"
        ' for (int i = 0; i < 40000; i++) System.out.println("0123456789".repeat(10)); } }',
    ),
    "cpp": Sample(
        hello='#include <iostream>\nint main() { std::cout << "héllo 😀" << std::endl; }',
        wrong="int main() {\n  int x = 1;\n  return y;\n}",
        fails="#include <cassert>\nint main() {\n  assert(1 == 2);\n}",
        waits=_C_WAITS,
        busy="int main() { volatile int x = 0; while (true) x = x + 1; }",
        reads="#include <iostream>\nint main() { int x; std::cin >> x; }",
        flood=_C_FLOOD,
    ),
    "c": Sample(
        hello='#include <stdio.h>\nint main(void) { printf("héllo 😀\\n"); }',
        wrong="int main(void) {\n  int x = 1;\n  return y;\n}",
        fails="#include <assert.h>\nint main(void) {\n  assert(1 == 2);\n}",
        waits=_C_WAITS,
        busy="int main(void) { volatile int x = 0; while (1) x = x + 1; }",
        reads='#include <stdio.h>\nint main(void) { int x; return scanf("%d", &x) == 1; }',
        flood=_C_FLOOD,
    ),
    "go": Sample(
        hello='package main\nimport "fmt"\nfunc main() { fmt.Println("héllo 😀") }',
        wrong="package main\nfunc main() {\n\tprintln(y)\n}",
        fails="package main\nfunc main() {\n\tprintln([]int{}[len(make([]int, 3))])\n}",
        waits='package main\nimport ("fmt"; "time")\nfunc main() { fmt.Println("one"); time.Sleep(time.Hour) }',
        busy="package main\nfunc main() { for {} }",
        reads='package main\nimport "fmt"\nfunc main() { var x int; fmt.Scan(&x) }',
        flood='package main\nimport ("fmt"; "strings")\nfunc main() { for i := 0; i < 40000; i++ {'
        ' fmt.Println(strings.Repeat("0123456789", 10)) } }',
    ),
    "rust": Sample(
        hello='fn main() { println!("héllo 😀"); }',
        wrong="fn main() {\n    let x: i32 =\n        y;\n}",
        fails='fn main() {\n    let v: Vec<i32> = Vec::new();\n    println!("{}", v[std::env::args().count()]);\n}',
        waits='use std::{thread, time};\nfn main() { println!("one"); thread::sleep(time::Duration::from_secs(99)); }',
        busy="fn main() { let mut x: u64 = 0; loop { x = x.wrapping_add(1); } }",
        reads="use std::io;\nfn main() { let mut s = String::new(); io::stdin().read_line(&mut s).unwrap(); }",
        flood='fn main() { for _ in 0..40000 { println!("{}", "0123456789".repeat(10)); } }',
    ),
    "sql": Sample(
        hello="SELECT 'héllo 😀' AS greeting;",
        wrong="SELECT 1;\n\nSELECT * FRM nothing;",
        fails="SELECT 1;\n\nSELECT * FROM nothing;",
        waits="SELECT 'one';\nWITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c;",
        busy="WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c;",
        reads="",
        flood="WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 199)"
        " SELECT x, hex(zeroblob(10000)) FROM c;" * 6,
        keeps=("CREATE TABLE k (v TEXT);\nINSERT INTO k VALUES ('kept');", "SELECT v FROM k;"),
    ),
    "bash": Sample(
        hello="echo 'héllo 😀'",
        wrong="x=1\n\nif then\nfi",
        fails="x=1\n\nls /no/such/place",
        waits="echo one\nwhile :; do sleep 1; done",
        busy="while :; do :; done",
        reads="read -r line",
        flood="yes 0123456789012345678901234567890123456789 | head -n 100000",
        keeps=("x=kept; f() { echo $x; }", "f"),
    ),
}
