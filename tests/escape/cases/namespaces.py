"""Can code in a kernel leave its namespaces, or make new ones in which it has more rights?"""

from __future__ import annotations

from .case import Case, by

_NEW = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "pid": 0x20000000,
    "network": 0x40000000,
    "ipc": 0x08000000,
    "host name": 0x04000000,
    "cgroup": 0x02000000,
    "time": 0x00000080,
}

CASES = [
    *(
        Case(f"a new {name} namespace by unshare", f"system('unshare', {flag})", "unshare EPERM\n")
        for name, flag in _NEW.items()
    ),
    *(
        Case(f"a new {name} namespace by clone", f"system('clone', {flag} | 17, 0, 0, 0, 0)", "clone EPERM\n")
        for name, flag in _NEW.items()
        if name != "time"  # its flag is an exit signal to clone; only clone3 has it
    ),
    Case(
        "a new namespace by clone3, whose flags no filter sees",
        """
        arguments = ctypes.create_string_buffer(struct.pack('8Q', 0x10000000, 0, 0, 0, 17, 0, 0, 0))
        system('clone3', arguments, 64)
        """,
        "clone3 ENOSYS\n",
    ),
    Case(
        "the programs for it",
        """
        for command in ('unshare -Ur true', 'nsenter -t 1 -n true', '/usr/sbin/chroot / true', 'mount -t tmpfs x /tmp',
                        'umount /tmp'):
            done = subprocess.run(command.split(), capture_output=True, text=True)
            print(done.returncode != 0)
        """,
        "True\n" * 5,
    ),
    Case(
        "into the namespaces of the first process",
        """
        for kind in ('net', 'mnt', 'user', 'pid'):
            try: fd = os.open(f'/proc/1/ns/{kind}', 0)
            except OSError as error: print('setns', word(error))
            else: system('setns', fd, 0)
        system('setns', os.open('/proc/self/ns/net', 0), 0)
        system('setns', libc.syscall(WORD(434), WORD(1), WORD(0)), 0x40000000)
        """,
        by(
            root="setns EACCES\n" * 4 + "setns EPERM\n" * 2,
            user="setns EPERM\n" * 6,
            docker="setns EPERM\n" * 6,
        ),
    ),
    Case(
        "mounts",
        """
        system('mount', b'none', b'/tmp', b'tmpfs', 0, 0)
        system('mount', b'/', b'/tmp', 0, 0x1000, 0)
        system('mount', 0, b'/', 0, 0x20 | 0x1000, 0)
        system('umount2', b'/tmp', 2)
        system('pivot_root', b'/tmp', b'/tmp')
        """,
        "mount EPERM\nmount EPERM\nmount EPERM\numount2 EPERM\npivot_root EPERM\n",
    ),
    Case(
        "mounts in the new way",
        """
        system('fsopen', b'tmpfs', 0)
        system('fsconfig', 0, 0, 0, 0, 0)
        system('fsmount', 0, 0, 0)
        system('fspick', -100, b'/', 0)
        system('open_tree', -100, b'/', 1)
        system('move_mount', -100, b'/', -100, b'/tmp', 0)
        system('mount_setattr', -100, b'/', 0, 0, 0)
        """,
        "fsopen EPERM\nfsconfig EPERM\nfsmount EPERM\nfspick EPERM\nopen_tree EPERM\nmove_mount EPERM\n"
        "mount_setattr EPERM\n",
    ),
    Case("another root", "attempt(os.chroot, '/tmp')", "EPERM\n"),
    Case(
        "another host name",
        """
        attempt(socket.sethostname, socket.gethostname())
        print(socket.gethostname())
        """,
        "EPERM\ninterview\n",
    ),
    Case(
        "ranges of users",
        r"""
        for name in ('uid_map', 'gid_map', 'setgroups'):
            try:
                with open('/proc/self/' + name, 'w', 1) as file: file.write('0 0 1\n')
                print(name, 'done')
            except OSError as error: print(name, word(error))
        """,
        "uid_map EPERM\ngid_map EPERM\nsetgroups EACCES\n",
    ),
]
