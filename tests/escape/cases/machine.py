"""Can code in a kernel reach the machine below it: devices, system calls that need rights, the kernel's settings?"""

from __future__ import annotations

from .case import Case, again, by

CASES = [
    Case(
        "device files of its own",
        """
        attempt(os.mknod, '/tmp/null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        attempt(os.mknod, '/tmp/disk', 0o666 | stat.S_IFBLK, os.makedev(254, 0))
        """,
        "EPERM\nEPERM\n",
    ),
    Case(
        "which devices there are",
        """
        modes = {name: os.lstat('/dev/' + name).st_mode for name in os.listdir('/dev')}
        print(sorted(name for name, mode in modes.items() if stat.S_ISCHR(mode) or stat.S_ISBLK(mode)))
        """,
        "['full', 'null', 'random', 'tty', 'urandom', 'zero']\n",
    ),
    Case(
        "devices of the machine",
        """
        for name in 'mem kmem port kmsg sda vda fuse kvm vsock net/tun loop0 uinput'.split():
            attempt(open, '/dev/' + name, 'rb')
        """,
        "ENOENT\n" * 12,
    ),
    Case("the kernel's log", "system('syslog', 3, ctypes.create_string_buffer(99), 99)", "syslog EPERM\n"),
    Case(
        "the kernel's keyring",
        """
        system('add_key', b'user', b'x', b'y', 1, -3)
        system('request_key', b'user', b'x', 0, 0)
        system('keyctl', 0, -3, 1)
        """,
        "add_key EPERM\nrequest_key EPERM\nkeyctl EPERM\n",
    ),
    Case("programs in the kernel", "system('bpf', 0, ctypes.create_string_buffer(72), 72)", "bpf EPERM\n"),
    Case(
        "its counters",
        "system('perf_event_open', ctypes.create_string_buffer(112), 0, -1, -1, 0)",
        "perf_event_open EPERM\n",
    ),
    Case("its page faults", "system('userfaultfd', 0)", "userfaultfd EPERM\n"),
    Case(
        "its other way of input and output",
        """
        system('io_uring_setup', 8, ctypes.create_string_buffer(120))
        system('io_uring_enter', 0, 0, 0, 0, 0, 0)
        system('io_uring_register', 0, 0, 0, 0)
        """,
        "io_uring_setup ENOSYS\nio_uring_enter ENOSYS\nio_uring_register ENOSYS\n",
    ),
    Case(
        "its modules",
        """
        def answer(name):  # a machine's kernel may be built without modules
            value = libc.syscall(NUMBERS[name], b'x', WORD(1), b'')
            return value == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)
        print(answer('init_module'), answer('finit_module'))
        """,
        "True True\n",
    ),
    Case(
        "another kernel, or none",
        """
        for name in ('kexec_load', 'kexec_file_load'):  # a machine's kernel may be built without
            value = libc.syscall(NUMBERS[name], *[WORD(0)] * 5)
            print(value == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS))
        system('reboot', 0xFEE1DEAD - 2**32, 672274793, 0x89ABCDEF - 2**32, 0)  # Ctrl-Alt-Del does what it does
        """,
        "True\nTrue\nreboot EPERM\n",
    ),
    Case(
        "the machine's clock",
        """
        attempt(time.clock_settime, time.CLOCK_REALTIME, time.time())
        now = ctypes.create_string_buffer(struct.pack('qq', int(time.time()), 0))
        system('settimeofday', now, 0)
        system('adjtimex', ctypes.create_string_buffer(struct.pack('I204x', 1)))  # by nothing
        """,
        "EPERM\nsettimeofday EPERM\nadjtimex EPERM\n",
    ),
    Case(
        "swap and accounting",
        """
        system('swapon', b'/tmp/none', 0)
        system('acct', b'/tmp/none')
        """,
        "swapon EPERM\nacct EPERM\n",
    ),
    Case(
        "ports of the machine",
        """
        refusals = (errno.EPERM, errno.ENOSYS)  # a machine's kernel may be built without
        print('iopl' not in NUMBERS or libc.syscall(NUMBERS['iopl'], WORD(3)) == -1 and ctypes.get_errno() in refusals)
        """,
        "True\n",
    ),
    Case(
        "settings of the kernel",
        """
        writable('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sys/vm/overcommit_memory',
                 '/proc/sys/kernel/modprobe', '/proc/sys/user/max_inotify_instances', '/proc/sys/net/core/somaxconn',
                 '/proc/sysrq-trigger', '/proc/irq/default_smp_affinity', '/proc/mtrr')
        """,
        "tried\n",
    ),
    Case(
        "the kernel's memory",
        """
        for path in ('/proc/kcore', '/dev/mem', '/proc/kmsg'):
            try: print(path, len(os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 64)))
            except OSError: pass
        """,
        "",
    ),
    Case(
        "what Linux tells of the machine",
        """
        for name in ('acpi bus cmdline config.gz diskstats driver fs interrupts iomem ioports kallsyms key-users keys '
                     'locks modules partitions sched_debug scsi swaps timer_list').split():
            path = '/proc/' + name
            try: found = os.listdir(path) if os.path.isdir(path) else text(path)
            except OSError: continue
            if found: print(name, found[:80])
        print('looked')
        """,
        "looked\n",
    ),
    Case(
        "what firmware tells of the machine",
        """
        for name in ('firmware', 'class/dmi/id', 'devices/virtual/dmi', 'devices/virtual/powercap'):
            if os.path.isdir('/sys/' + name): print(name, os.listdir('/sys/' + name))
        print('looked')
        """,
        by("looked\n", docker=again(r"(\S+ \[\]\n)*looked\n")),
    ),
    Case(
        "the machine's name",
        "print(socket.gethostname(), os.uname().nodename, world['host'] in text('/etc/hosts'))",
        "interview interview False\n",
    ),
    Case(
        "the machine's tree of devices and groups",
        """
        writable('/sys/kernel/uevent_helper', '/sys/fs/cgroup/cgroup.procs', '/sys/fs/cgroup/pids/pids.max',
                 '/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/devices/devices.allow',
                 '/sys/fs/cgroup/release_agent', '/sys/power/state', '/sys/fs/cgroup/memory.max')
        refused(os.mkdir, '/sys/fs/cgroup/mine') if os.path.exists('/sys/fs/cgroup') else print('refused')
        """,
        "tried\nrefused\n",
    ),
    Case(
        "memory beside the limits",
        """
        system('memfd_create', b'x', 0)
        system('shmget', 0, 1000000, 0o1600)
        system('semget', 0, 30000, 0o1600)
        system('msgget', 0, 0o1600)
        system('memfd_secret', 0)
        system('io_setup', 60000, ctypes.create_string_buffer(8))
        system('mq_open', b'x', 0o102, 0o600, 0)
        """,
        "memfd_create ENOSYS\nshmget EPERM\nsemget EPERM\nmsgget EPERM\nmemfd_secret ENOSYS\nio_setup ENOSYS\n"
        "mq_open EMFILE\n",
    ),
    Case(
        "memory that stays when nobody has it mapped",
        """
        import mmap
        attempt(mmap.mmap, -1, 4096)
        attempt(mmap.mmap, os.open('/dev/zero', os.O_RDWR), 4096)
        print(open('/dev/zero', 'rb').read(3))
        """,
        by(
            "EPERM\nENODEV\nb'\\x00\\x00\\x00'\n",
            docker=again("EPERM\ndone .*\nb'.x00.x00.x00'\n"),  # it counts for the container
        ),
    ),
]
