//! Kills a process at a chosen system call that writes: traces it with ptrace, counts, and sends SIGKILL before the
//! call happens or right after. Never changes what a call does.

use std::collections::HashMap;
use std::fs;
use std::io::IoSliceMut;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// On which side of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The call does not happen.
    Before,
    /// It happened, and nobody heard.
    After,
}

/// A system call that writes to a file system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// Its name, such as `pwrite64`.
    pub call: &'static str,
    /// The file, where the call names an open one.
    pub file: Option<String>,
}

/// What became of a traced process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was killed at this call.
    Killed(Write),
    /// It ended by itself, with this exit status, after these calls.
    Ended {
        /// The exit status.
        status: i32,
        /// Every call that wrote, in order.
        writes: Vec<Write>,
    },
}

/// Runs a command to its end and says what it wrote.
///
/// # Panics
/// Where the system does not let a process be traced.
pub fn trace(command: &Command) -> Fate {
    Tracer::start(command).follow(None)
}

/// Runs a command and kills it at its n-th write, from 0, unless it ends before.
///
/// # Panics
/// Where the system does not let a process be traced.
pub fn kill_at(command: &Command, nth: usize, side: Side) -> Fate {
    Tracer::start(command).follow(Some((nth, side)))
}

/// A traced process. Belongs to the thread that started it: the system lets no other trace it.
struct Tracer {
    main: Pid,
    /// Whether the process runs the command already, and not the shell before it.
    begun: bool,
    writes: Vec<Write>,
    /// The writes that a thread is inside of, by their number.
    inside: HashMap<Pid, usize>,
}

impl Tracer {
    /// Starts a command that is traced from its first instruction: a shell stops itself, is seized, and becomes it.
    fn start(command: &Command) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg("kill -STOP $$; exec \"$0\" \"$@\"").arg(command.get_program()).args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let null = std::process::Stdio::null;
        let child = shell.stdin(null()).stdout(null()).stderr(null()).process_group(0).spawn().unwrap();
        let main = Pid::from_raw(child.id().cast_signed());
        let stopped = waitpid(main, Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert_eq!(stopped, WaitStatus::Stopped(main, Signal::SIGSTOP));
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        if let Err(error) = ptrace::seize(main, options) {
            let _ = kill(main, Signal::SIGKILL);
            let _ = waitpid(main, None);
            panic!("this test kills processes with ptrace, which this system does not allow: {error}");
        }
        kill(main, Signal::SIGCONT).unwrap();
        Self { main, begun: false, writes: Vec::new(), inside: HashMap::new() }
    }

    fn follow(mut self, at: Option<(usize, Side)>) -> Fate {
        let mut killed = None;
        loop {
            // Threads of this test process trace processes of their own: only this thread's are waited for.
            let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            let status = match waitpid(None, Some(flags)) {
                Err(nix::errno::Errno::EINTR) => continue,
                status => status.unwrap(),
            };
            let (thread, signal) = match status {
                WaitStatus::Exited(pid, status) if pid == self.main => {
                    return killed.map_or(Fate::Ended { status, writes: self.writes }, Fate::Killed);
                }
                WaitStatus::Signaled(pid, signal, _) if pid == self.main => {
                    return killed.map_or_else(|| panic!("the command was ended by {signal}"), Fate::Killed);
                }
                WaitStatus::PtraceSyscall(thread) => {
                    if let Some(write) = self.call(thread, at).filter(|_| killed.is_none()) {
                        kill(self.main, Signal::SIGKILL).unwrap();
                        killed = Some(write);
                        continue;
                    }
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, _, event) => {
                    self.begun |= event == libc::PTRACE_EVENT_EXEC;
                    (thread, None)
                }
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::Exited(..)
                | WaitStatus::Signaled(..)
                | WaitStatus::Continued(_)
                | WaitStatus::StillAlive => continue,
            };
            // A thread that was killed meanwhile is no longer there to go on.
            let _ = ptrace::syscall(thread, signal);
        }
    }

    /// Counts a call. Gives the one to be killed at.
    fn call(&mut self, thread: Pid, at: Option<(usize, Side)>) -> Option<Write> {
        if !self.begun {
            return None;
        }
        if ptrace::syscall_info(thread).ok()?.op == libc::PTRACE_SYSCALL_INFO_EXIT {
            let nth = self.inside.remove(&thread)?;
            return (at == Some((nth, Side::After))).then(|| self.writes[nth].clone());
        }
        let write = write(thread)?;
        let nth = self.writes.len();
        self.writes.push(write.clone());
        self.inside.insert(thread, nth);
        (at == Some((nth, Side::Before))).then_some(write)
    }
}

/// The call that a thread is about to make, if it writes to a file system.
fn write(thread: Pid) -> Option<Write> {
    // The number and the arguments, in hex but for the number: see proc_pid_syscall(5).
    let text = fs::read_to_string(format!("/proc/{thread}/syscall")).ok()?;
    let mut words = text.split_whitespace();
    let number: i64 = words.next()?.parse().ok()?;
    let arguments: Vec<u64> = words.filter_map(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()).collect();
    let (call, what) = named(number)?;
    let argument = |index: usize| arguments.get(index).copied().unwrap_or_default();
    let file = match what {
        What::OpenFile => {
            let target = fs::read_link(format!("/proc/{thread}/fd/{}", argument(0))).ok()?;
            let target = target.to_str()?.to_owned();
            // Pipes, sockets and event counters are no files: nothing that is written there outlives the process.
            if !target.starts_with('/') || target.starts_with("/dev/") {
                return None;
            }
            Some(target)
        }
        What::Name => None,
        What::Flags(index) => return makes(argument(index)).then_some(Write { call, file: None }),
        What::HowToOpen => return makes(number_at(thread, argument(2))?).then_some(Write { call, file: None }),
    };
    Some(Write { call, file })
}

/// Whether a file is made or emptied when it is opened with these flags.
fn makes(flags: u64) -> bool {
    let making = (libc::O_CREAT | libc::O_TRUNC).cast_unsigned();
    flags & u64::from(making) != 0
}

/// The number at an address of a traced thread.
fn number_at(thread: Pid, address: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    let there = RemoteIoVec { base: usize::try_from(address).ok()?, len: bytes.len() };
    let read = process_vm_readv(thread, &mut [IoSliceMut::new(&mut bytes)], &[there]).ok()?;
    (read == bytes.len()).then_some(u64::from_ne_bytes(bytes))
}

/// What tells whether a call writes.
#[derive(Clone, Copy)]
enum What {
    /// Its first argument is an open file.
    OpenFile,
    /// It makes, moves or removes a name.
    Name,
    /// It opens a file: this argument's flags say how.
    Flags(usize),
    /// It opens a file: the first field of its third argument, an `open_how`, says how.
    HowToOpen,
}

/// The calls that write to a file system.
fn named(number: i64) -> Option<(&'static str, What)> {
    let everywhere = [
        (libc::SYS_write, "write", What::OpenFile),
        (libc::SYS_writev, "writev", What::OpenFile),
        (libc::SYS_pwrite64, "pwrite64", What::OpenFile),
        (libc::SYS_pwritev, "pwritev", What::OpenFile),
        (libc::SYS_pwritev2, "pwritev2", What::OpenFile),
        (libc::SYS_copy_file_range, "copy_file_range", What::Name),
        (libc::SYS_fallocate, "fallocate", What::OpenFile),
        (libc::SYS_ftruncate, "ftruncate", What::OpenFile),
        (libc::SYS_fsync, "fsync", What::OpenFile),
        (libc::SYS_fdatasync, "fdatasync", What::OpenFile),
        (libc::SYS_openat, "openat", What::Flags(2)),
        (libc::SYS_openat2, "openat2", What::HowToOpen),
        (libc::SYS_linkat, "linkat", What::Name),
        (libc::SYS_symlinkat, "symlinkat", What::Name),
        (libc::SYS_renameat2, "renameat2", What::Name),
        (libc::SYS_unlinkat, "unlinkat", What::Name),
        (libc::SYS_mkdirat, "mkdirat", What::Name),
        (libc::SYS_fchmod, "fchmod", What::OpenFile),
    ];
    #[cfg(target_arch = "x86_64")]
    let older = [
        (libc::SYS_open, "open", What::Flags(1)),
        (libc::SYS_creat, "creat", What::Name),
        (libc::SYS_link, "link", What::Name),
        (libc::SYS_symlink, "symlink", What::Name),
        (libc::SYS_rename, "rename", What::Name),
        (libc::SYS_renameat, "renameat", What::Name),
        (libc::SYS_unlink, "unlink", What::Name),
        (libc::SYS_rmdir, "rmdir", What::Name),
        (libc::SYS_mkdir, "mkdir", What::Name),
        (libc::SYS_truncate, "truncate", What::Name),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let older = [(libc::SYS_renameat, "renameat", What::Name)];
    let found = everywhere.into_iter().chain(older).find(|(known, ..)| *known == number);
    found.map(|(_, name, what)| (name, what))
}
