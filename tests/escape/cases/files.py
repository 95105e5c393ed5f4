"""Can code in a kernel read or change what is not its own?"""

from __future__ import annotations

from .case import Case, again, by

CASES = [
    Case("the server's database", "attempt(open, world['database'])", "ENOENT\n"),
    Case("the cookie secret", "attempt(open, world['cookie_secret'])", "ENOENT\n"),
    Case("the key of tokens", "attempt(open, world['secret'])", "ENOENT\n"),
    Case(
        "a data directory within the prefix",
        """
        print(os.listdir(world['hidden']) if os.path.isdir(world['hidden']) else [])
        attempt(open, world['hidden'] + '/cookie_secret')
        """,
        "[]\nENOENT\n",
    ),
    Case(
        "the data directory's neighbourhood",
        """
        import glob
        print(glob.glob(os.path.dirname(world['database']) + '/*'))
        attempt(os.listdir, os.path.dirname(world['database']))
        """,
        "[]\nENOENT\n",
    ),
    Case(
        "passwords and keys of the machine",
        """
        closed('/etc/shadow', '/etc/gshadow', '/root/.ssh/id_rsa', '/root/.bashrc', '/etc/ssh/ssh_host_rsa_key',
               '/etc/sudoers', world['home'] + '/.bashrc')
        """,
        "closed\n" * 7,
    ),
    Case(
        "the operator's own part of the system",
        """
        places = ('/usr/etc', '/usr/local/etc', '/usr/local/sbin', '/usr/local/src', '/usr/src',
                  '/usr/local/share/ca-certificates')
        print([path for path in places if os.path.isdir(path) and os.listdir(path)])
        """,
        by("[]\n", docker=again(r"\[.*\]\n")),  # those of the image
    ),
    Case(
        "settings of the machine",
        """
        import fnmatch
        known = ('alternatives', 'fonts', 'group', 'hosts', 'java-*-openjdk', 'ld.so.c*', 'localtime', 'mime.types',
                 'nsswitch.conf', 'passwd', 'timezone')
        print([name for name in os.listdir('/etc') if not any(fnmatch.fnmatch(name, each) for each in known)])
        print(os.path.exists('/etc/machine-id'), os.path.exists('/var/lib/dpkg'), os.path.exists('/run/systemd'))
        """,
        by("[]\nFalse False False\n", docker=again(r"\[.*\]\n.*\n")),  # those of the image
    ),
    Case("the tests and the source", "attempt(open, world['test'])", "ENOENT\n"),
    Case(
        "whose account",
        "print(len(text('/etc/passwd').splitlines()) if 'root' not in text('/etc/passwd') else 'root')",
        "1\n",
    ),
    Case(
        "the root of the first process",
        """
        for path in ('/proc/1/root', '/proc/1/cwd', '/proc/1/exe'):
            attempt(os.readlink, path) if path.endswith('exe') else attempt(os.listdir, path + world['data'])
        """,
        by(
            root="EACCES\n" * 3,
            user=again("ENOENT\nENOENT\ndone .*bwrap\n"),
            docker=again("ENOENT\nENOENT\ndone .*docker-init\n"),
        ),
    ),
    Case(
        "up from the root",
        """
        attempt(os.listdir, '/../../../' + world['data'])
        os.chdir('/'); attempt(os.listdir, '../../..' + world['data'])
        os.chdir(os.environ['HOME'])
        """,
        "ENOENT\nENOENT\n",
    ),
    Case(
        "a link of its own to foreign things",
        """
        os.symlink(world['database'], 'link')
        attempt(open, 'link')
        os.unlink('link')
        """,
        "ENOENT\n",
    ),
    Case(
        "hard links",
        """
        attempt(os.link, sys.executable, os.environ['HOME'] + '/python')
        attempt(os.link, world['connection'], '/run/interview/s/x')
        attempt(os.link, '/etc/passwd', '/tmp/passwd')
        """,
        "EXDEV\nEXDEV\nEXDEV\n",
    ),
    Case(
        "descriptors that were left open",
        """
        for name in os.listdir('/proc/self/fd'):
            try: target = os.readlink('/proc/self/fd/' + name)
            except OSError: continue
            own = ('/proc/', os.environ['HOME'], '/tmp/', '/dev/null', '/dev/urandom')
            if target.startswith('/') and not target.startswith(own): print(name, target)
        print('tried')
        """,
        "tried\n",
    ),
    Case(
        "a file by its number",
        """
        handle = ctypes.create_string_buffer(struct.pack('Ii', 8, 1) + struct.pack('II', 2, 0))
        system('open_by_handle_at', os.open('/', 0), handle, 0)
        """,
        "open_by_handle_at EPERM\n",
    ),
    Case(
        "write into the system",
        """
        writable('/usr/bin/env', '/etc/passwd', '/etc/hosts', '/usr/lib/os-release', json.__file__)
        for path in ('/', '/usr', '/usr/bin', '/etc', '/bin', '/dev', '/run', '/run/interview', '/opt', '/root', '/var',
                     '/lib', '/home', '/sys', '/mnt', world['site']):
            try: os.close(os.open(path, os.O_TMPFILE | os.O_WRONLY)); print(path, 'takes files')  # one without a name
            except OSError as error:
                if word(error) not in ('EROFS', 'ENOENT', 'EACCES', 'EOPNOTSUPP'): print(path, word(error))
        """,
        "tried\n",
    ),
    Case(
        "write into site-packages",
        """
        import IPython
        place = os.path.dirname(IPython.__file__)
        refused(open, IPython.__file__, 'a')
        attempt(os.unlink, place + '/none')
        attempt(os.rename, place, place)
        attempt(os.rmdir, place + '/none')
        attempt(os.mkdir, place + '/core')
        """,
        "refused\nEROFS\nEROFS\nEROFS\nEEXIST\n",
    ),
    Case(
        "times, owner and mode of the system",
        """
        state = os.stat('/usr')
        attempt(os.chmod, '/usr', stat.S_IMODE(state.st_mode))
        attempt(os.chown, '/usr', -1, -1)
        attempt(os.utime, '/usr', ns=(state.st_atime_ns, state.st_mtime_ns))
        attempt(os.removexattr, '/usr', 'user.none')
        """,
        "EROFS\nEROFS\nEROFS\nEROFS\n",
    ),
    Case(
        "its own connection file",
        """
        attempt(open, world['connection'], 'a')
        attempt(os.unlink, world['connection'])
        attempt(os.rename, world['connection'], '/run/interview/s/c')
        attempt(os.chmod, world['connection'], 0o666)
        attempt(os.truncate, world['connection'], 0)
        attempt(os.symlink, world['database'], '/run/interview/y')
        """,
        "EACCES\nEROFS\nEXDEV\nEROFS\nEACCES\nEROFS\n",
    ),
    Case(
        "the files of a room",
        """
        place = os.environ['HOME'] + '/data'
        print(text(place + '/given.txt'))
        attempt(open, place + '/x', 'w')
        attempt(os.unlink, place + '/given.txt')
        attempt(os.rename, place, place + 'x')
        attempt(os.chmod, place, 0o777)
        attempt(os.symlink, world['database'], place + '/l')
        attempt(os.rmdir, place)
        attempt(os.link, place + '/given.txt', os.environ['HOME'] + '/g')
        """,
        "given\nEROFS\nEROFS\nEBUSY\nEROFS\nEROFS\nEBUSY\nEXDEV\n",
    ),
    Case(
        "files of the other rooms",
        "print([path for path in world['left by the neighbour'] if os.path.lexists(path)])",
        "[]\n",
    ),
    Case(
        "sockets of the other rooms",
        """
        for path in world['neighbour sockets']:
            attempt(socket.socket(socket.AF_UNIX).connect, path)
        """,
        "ENOENT\nENOENT\nENOENT\nENOENT\nENOENT\n",
    ),
    Case(
        "what is in the directory of sockets",
        "print(sorted(os.listdir('/run/interview/s')), sorted(os.listdir('/run/interview')))",
        "['k-1', 'k-2', 'k-3', 'k-4', 'k-5'] ['connection.json', 's']\n",
    ),
    Case(
        "watching foreign places",
        """
        print('inotify', errno.errorcode[ctypes.get_errno()] if libc.inotify_init1(0) == -1 else 'done')
        system('fanotify_init', 0, 0)
        """,
        "inotify EMFILE\nfanotify_init EPERM\n",
    ),
    Case(
        "what may be written at all",
        """
        found = set()
        for line in text('/proc/self/mountinfo').splitlines():
            fields = line.split()
            if fields[5].startswith('rw') and not stat.S_ISCHR(os.stat(fields[4]).st_mode): found.add(fields[4])
        print(sorted(found))
        """,
        by(
            "['/dev/pts', '/dev/shm', '/home/interview', '/proc', '/run/interview/s', '/tmp']\n",
            docker=again(
                r"\['/dev', '/dev/mqueue', '/dev/pts', '/dev/shm', '/home/interview', '/proc', '/run/interview/s', "
                r"('/sys/fs/cgroup', )?'/tmp'\]\n"
            ),
        ),
    ),
]
