"""Can code in a kernel talk to anything outside of its sandbox?"""

from __future__ import annotations

from .case import Case, by

CASES = [
    Case(
        "tcp out",
        """
        s = socket.socket(); s.settimeout(3)
        attempt(s.connect, ('192.0.2.1', 80))
        """,
        "ENETUNREACH\n",
    ),
    Case(
        "tcp out over ipv6",
        """
        s = socket.socket(socket.AF_INET6); s.settimeout(3)
        attempt(s.connect, ('2001:db8::1', 80))
        """,
        "ENETUNREACH\n",
    ),
    Case(
        "udp out",
        """
        s = socket.socket(type=socket.SOCK_DGRAM)
        attempt(s.sendto, b'x', ('192.0.2.1', 53))
        """,
        "ENETUNREACH\n",
    ),
    Case("name server", "attempt(socket.getaddrinfo, 'example.org', 80)", "gaierror EAI_NONAME\n"),
    Case("the names it would ask", "attempt(socket.gethostbyname, world['host'])", "gaierror EAI_NONAME\n"),
    Case("raw socket", "attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)", "EPERM\n"),
    Case("packet socket", "attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 0x300)", "EAFNOSUPPORT\n"),
    Case(
        "multicast and broadcast",
        (
            """
            s = socket.socket(type=socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            attempt(s.sendto, b'x', ('255.255.255.255', 9))
            attempt(s.sendto, b'x', ('224.0.0.1', 9))
            """
        ),
        "ENETUNREACH\nENETUNREACH\n",
    ),
    Case(
        "the server's port on loopback",
        """
        s = socket.socket(); s.settimeout(3)
        attempt(s.connect, ('127.0.0.1', world['port']))
        """,
        "ECONNREFUSED\n",
    ),
    Case(
        "the server's port by every address",
        """
        for address in world['addresses']:
            s = socket.socket(); s.settimeout(3)
            try: s.connect((address, world['port']))
            except OSError as error: print(word(error) in ('ENETUNREACH', 'ECONNREFUSED') or word(error))
        print('tried')
        """,
        "True\ntried\n",
    ),
    Case(
        "abstract socket of the machine",
        r"""
        s = socket.socket(socket.AF_UNIX)
        attempt(s.connect, '\0' + world['abstract'])
        """,
        "ECONNREFUSED\n",
    ),
    Case(
        "a socket of the server in the file system",
        """
        s = socket.socket(socket.AF_UNIX)
        attempt(s.connect, world['unix'])
        """,
        "ENOENT\n",
    ),
    Case(
        "sockets of other services",
        """
        for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/dbus/system_bus_socket', '/run/systemd/notify'):
            attempt(socket.socket(socket.AF_UNIX).connect, path)
        """,
        "ENOENT\n" * 4,
    ),
    Case("the machine's host by vsock", "attempt(socket.socket, 40, socket.SOCK_STREAM)", "EAFNOSUPPORT\n"),
    Case("the kernel's own crypto by AF_ALG", "attempt(socket.socket, 38, socket.SOCK_SEQPACKET)", "EAFNOSUPPORT\n"),
    Case(
        "rare families",
        """
        families = [f for f in range(46) if f not in (1, 2, 10, 16)]
        for family in families:
            for kind in (1, 2, 3, 5):
                try: socket.socket(family, kind); print(family, kind)
                except OSError as error:
                    if word(error) != 'EAFNOSUPPORT': print(family, kind, word(error))
        print('tried')
        """,
        "tried\n",
    ),
    Case(
        "new interface by netlink",
        """
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        name = struct.pack('HH8s', 12, 3, b'evil0')
        s.send(struct.pack('IHHII', 32 + len(name), 16, 0x605, 1, 0) + struct.pack('BxHiII', 0, 0, 0, 1, 1) + name)
        print(errno.errorcode[-struct.unpack_from('i', s.recv(4096), 16)[0]])
        """,
        "EPERM\n",
    ),
    Case("which interfaces", "print([name for _, name in socket.if_nameindex()])", "['lo']\n"),
    Case("a low port", "attempt(socket.socket().bind, ('127.0.0.1', 80))", by("EACCES\n", docker="done None\n")),
]
