"""Can code in a kernel see, touch or become another process or user?"""

from __future__ import annotations

from .case import Case, by

CASES = [
    Case(
        "the server's environment",
        """
        found = []
        for name in os.listdir('/proc'):
            if name.isdecimal():
                try: found.append(open(f'/proc/{name}/environ', 'rb').read())
                except OSError: pass
        secret = world['secret value'].encode()
        print(len(found) > 0, any(secret in text for text in found), any('INTERVIEW' in name for name in os.environ))
        """,
        "True False False\n",
    ),
    Case(
        "the environment of the first process",
        "attempt(lambda: world['secret value'] in text('/proc/1/environ'))",
        by(root="EACCES\n", user="done False\n", docker="done False\n"),
    ),
    Case(
        "how the sandbox was made",
        """
        lines = []
        for name in os.listdir('/proc'):
            if name.isdecimal() and name != str(os.getpid()):
                try: lines += open(f'/proc/{name}/cmdline', 'rb').read().split(bytes(1))
                except OSError: pass
        told = [word for word in lines if word.startswith(b'--') and word not in (b'--', b'--args') or b'=' in word]
        print(any(b'shim.py' in word for word in lines), told, sum(map(len, lines)) < 1000)
        """,
        "True [] True\n",
    ),
    Case(
        "the rights of the first process",
        r"""
        lines = dict(line.split(':\t') for line in text('/proc/1/status').splitlines())
        print(*(int(lines[name], 16) for name in ('CapPrm', 'CapEff', 'CapAmb')), lines['NoNewPrivs'], lines['Seccomp'])
        """,
        "0 0 0 1 2\n",
    ),
    Case(
        "processes of others",
        """
        lines = []
        for name in os.listdir('/proc'):
            if name.isdecimal():
                try: lines.append(text(f'/proc/{name}/cmdline'))
                except OSError: pass
        print(len(lines) < 8, any('987654' in line for line in lines), os.path.exists(f"/proc/{world['server']}"))
        """,
        "True False False\n",
    ),
    Case(
        "signals to others",
        """
        attempt(os.kill, world['server'], 0)
        attempt(os.kill, world['sleeper'], 9)
        attempt(os.kill, world['neighbour'], 9)
        """,
        "ESRCH\nESRCH\nESRCH\n",
    ),
    Case(
        "the priority of others",
        """
        attempt(os.setpriority, os.PRIO_PROCESS, world['server'], 19)
        attempt(os.sched_setaffinity, world['server'], [0])
        attempt(resource.prlimit, world['server'], resource.RLIMIT_NOFILE)
        """,
        "ESRCH\nESRCH\nESRCH\n",
    ),
    Case(
        "ptrace",
        """
        system('ptrace', 16, 1, 0, 0)
        system('ptrace', 0x4206, 1, 0, 0)
        system('ptrace', 0, 0, 0, 0)
        """,
        "ptrace EPERM\n" * 3,
    ),
    Case(
        "memory of others",
        """
        system('process_vm_readv', 1, 0, 0, 0, 0, 0)
        system('process_vm_writev', 1, 0, 0, 0, 0, 0)
        attempt(open, f"/proc/{world['server']}/mem", 'rb')
        attempt(open, f"/proc/{world['neighbour']}/maps")
        """,
        "process_vm_readv EPERM\nprocess_vm_writev EPERM\nENOENT\nENOENT\n",
    ),
    Case(
        "descriptors of others",
        """
        fd = libc.syscall(WORD(434), WORD(1), WORD(0))
        system('pidfd_getfd', fd, 0, 0)
        attempt(os.listdir, f"/proc/{world['server']}/fd")
        """,
        "pidfd_getfd EPERM\nENOENT\n",
    ),
    Case("comparing with others", "system('kcmp', 1, os.getpid(), 0, 0, 0)", by("kcmp EPERM\n", docker="kcmp EPERM\n")),
    Case(
        "becoming root",
        """
        attempt(os.setuid, 0)
        attempt(os.setgid, 0)
        attempt(os.setresuid, 0, 0, 0)
        attempt(os.setgroups, [0])
        """,
        by(
            root="EPERM\nEPERM\nEPERM\nEPERM\n",
            user="EINVAL\nEINVAL\nEINVAL\nEPERM\n",
            docker="EPERM\nEPERM\nEPERM\nEPERM\n",
        ),
    ),
    Case(
        "a program that becomes root",
        """
        child = subprocess.Popen(['su'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        mode = os.stat(__import__('shutil').which('su')).st_mode & stat.S_ISUID
        ids = [line.split()[1:] for line in text(f'/proc/{child.pid}/status').splitlines() if line.startswith('Uid')][0]
        child.kill(); child.wait(); child.stdin.close()
        print(mode == stat.S_ISUID, set(ids) == {str(os.getuid())})
        """,
        "True True\n",
    ),
    Case(
        "a program of its own that becomes root",
        """
        import shutil
        shutil.copy('/bin/true', '/tmp/mine'); os.chmod('/tmp/mine', 0o6755)
        flags = [line.split()[5].split(',') for line in text('/proc/self/mountinfo').splitlines()
                 if line.split()[4] in ('/tmp', '/home/interview', '/dev/shm', '/run/interview/s')]
        print(sum('nosuid' in flag and 'nodev' in flag for flag in flags), len(flags))
        """,
        by("4 4\n", docker="3 4\n"),  # the sockets' directory is the machine's; new rights are refused in any case
    ),
    Case(
        "rights that it has",
        r"""
        lines = dict(line.split(':\t') for line in text('/proc/self/status').splitlines())
        print(*(int(lines[name], 16) for name in ('CapPrm', 'CapEff', 'CapAmb')), lines['NoNewPrivs'], lines['Seccomp'])
        """,
        "0 0 0 1 2\n",
    ),
    Case(
        "rights that it wants",
        """
        header, data = struct.pack('Ii', 0x20080522, 0), struct.pack('6I', *[0xFFFFFFFF] * 6)
        system('capset', ctypes.create_string_buffer(header), ctypes.create_string_buffer(data))
        print(libc.prctl(38, 0, 0, 0, 0), libc.prctl(28, 1, 0, 0, 0), errno.errorcode[ctypes.get_errno()])
        """,
        "capset EPERM\n-1 -1 EPERM\n",
    ),
    Case(
        "more than its limits",
        """
        for what in ('NPROC', 'DATA', 'FSIZE', 'CPU', 'CORE', 'NOFILE'):
            which = getattr(resource, 'RLIMIT_' + what)
            if resource.getrlimit(which)[1] == -1: print(what, 'unlimited'); continue
            attempt(resource.setrlimit, which, (-1, -1))
            attempt(resource.prlimit, os.getpid(), which, (-1, -1))
        """,
        by(root="ValueError\nEPERM\n" * 6, user="ValueError\nEPERM\n" * 6, docker="ValueError\nEPERM\n" * 6),
    ),
    Case(
        "more of the processor",
        """
        attempt(os.nice, -5)
        attempt(os.setpriority, os.PRIO_PROCESS, 0, 0)
        attempt(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
        attempt(os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1))
        """,
        "EPERM\nEACCES\nEPERM\nEPERM\n",
    ),
    Case(
        "out of the memory killer's sight",
        r"""
        attempt(lambda: open('/proc/self/oom_score_adj', 'w', 1).write('-1000\n'))
        print(text('/proc/self/oom_score_adj').strip())
        """,
        by("EACCES\n1000\n", docker="EACCES\n1000\n"),
    ),
    Case(
        "locked memory",
        """
        print(resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] <= 2**23,
              errno.errorcode[ctypes.get_errno()] if libc.mlockall(1) == -1 else 'done')
        """,
        "True ENOMEM\n",
    ),
    Case(
        "a terminal to type into",
        """
        import fcntl, termios
        attempt(open, '/dev/tty')
        attempt(open, '/dev/console')
        print([fd for fd in range(64) if os.isatty(fd)])
        """,
        by("ENXIO\nENOENT\n[]\n", docker="ENXIO\nENOENT\n[]\n"),
    ),
    Case(
        "a picture of its memory",
        """
        pid = os.fork()
        if pid == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.abort()
        _, status = os.waitpid(pid, 0)
        print(os.WIFSIGNALED(status), os.WCOREDUMP(status), resource.getrlimit(resource.RLIMIT_CORE),
              [name for name in os.listdir() if 'core' in name])
        """,
        "True False (0, 0) []\n",
    ),
]
