import json, pytest
from tests.integration.clients import *
async def test_probe(house):
    room = await house.room()
    cara = await room.join()
    ivan = await room.invite("interviewer")
    a = await cara.document(); b = await ivan.document()
    ch = await cara.channel(); ci = await ivan.channel()
    await a.type("print('hi')\n")
    await b.until(lambda: "hi" in b.sources()[0])
    await a.saved()
    print(await ch.ask("chat_message", "hello"))
    print(await ci.expect("chat_message"))
    print(await cara.run(a.cell()))
    print(await ci.expect("run_finished"))
    await b.until(lambda: b.printed() == "hi\n")
BAD = ['"\\ud800"', '"\\u0000"', '"x\\u0000y"']
@pytest.mark.parametrize("kind", ["chat_message", "code_update", "typ", "join_room", "run_code"])
@pytest.mark.parametrize("n", range(3))
async def test_strings(house, kind, n):
    room = await house.room(); c = await room.join(); ch = await c.channel(); 
    content = BAD[n]
    if kind == "join_room": content = '{"room": %s}' % BAD[n]
    if kind == "run_code": content = '{"cell": %s}' % BAD[n]
    typ = json.dumps(kind) if kind != "typ" else BAD[n]
    await ch.send('{"type": %s, "id": "7", "content": %s}' % (typ, content))
    print(await ch.answer("7") if kind!="typ" else await ch.expect("error"))
    print(await ch.ask("chat_message", "ok"))
    await ch.send('{"type": "chat_message", "id": %s, "content": "x"}' % BAD[n])
    print(await ch.until(lambda: ch.frames))
    print(await ch.ask("chat_message", "ok"))
async def test_sender(house):
    room = await house.room(); c = await room.join(); ch = await c.channel(); 
    await ch.send(json.dumps({"type":"chat_message","id":"1","content":"x","sender":{"id":[]}}))
    print(await ch.until(lambda: ch.frames))
@pytest.mark.parametrize("q", ["cursor=99999999999999999999999.1","cursor=99999999999.99999999999999999999","limit=0","limit=x","state=x","q=%00","tag=%00","q=%ff","cursor=%00","q=%25%27_%5c"])
async def test_rooms(house,q):
    r = await house.owner.get("api/interview/rooms?"+q); print(r.status_code, r.text[:300]); assert r.status_code<500
@pytest.mark.parametrize("at", ["99999999999","9"*30,"-1","0","1e3","2026-13-01","0001-01-01T00:00:00+23:59","9999-12-31T23:59:59-23:59","%00","%ff",""])
async def test_at(house,at):
    room=await house.room()
    r = await house.owner.get(f"api/interview/rooms/{room.id}/notebook?at="+at); print(r.status_code, r.text[:300], r.headers.get("x-interview-seq")); assert r.status_code<500
