async def test_x(interview):
    import time

    for src in (
        "while True: print('x' * 1_000)",
        "print('after')",
        "for i in range(200000): print('x'*1000)",
        "print('after')",
    ):
        t = time.time()
        [end] = await interview.run(src)
        print(
            end["status"],
            end["message"],
            round(time.time() - t, 2),
            [(o.get("name"), len(o.get("text", ""))) for o in interview.seen.outputs()],
            [o.get("text", "")[-200:] for o in interview.seen.outputs() if o.get("name") == "stderr"],
        )
