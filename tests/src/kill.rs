//! Kills a process at a chosen system call that writes: traces it with ptrace, counts, and sends SIGKILL before the
//! call happens or right after. Or stops it there, to go on later. Never changes what a call does.

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

/// Runs a command until `here` holds right after a write, and stops it there with all its threads.
///
/// # Panics
/// Where the system does not let a process be traced, or the command ends before.
pub fn stop_when(command: &Command, here: impl Fn(&Write) -> bool) -> Stopped {
    let mut tracer = Tracer::start(command);
    loop {
        let (thread, signal) = match tracer.next() {
            Step::Over(status) => panic!("the command ended with {status:?} and was not to be stopped"),
            Step::Call(thread) => {
                if tracer.call(thread).is_some_and(|(side, nth)| side == Side::After && here(&tracer.writes[nth])) {
                    return tracer.stop(thread);
                }
                (thread, None)
            }
            Step::Other(thread, signal) => (thread, signal),
        };
        let _ = ptrace::syscall(thread, signal);
    }
}

/// A process that stands still.
#[derive(Debug)]
pub struct Stopped {
    main: Pid,
}

impl Stopped {
    /// Lets it go on, waits for its end, and gives its exit status.
    ///
    /// # Panics
    /// A signal ended it.
    pub fn wake(self) -> i32 {
        kill(self.main, Signal::SIGCONT).unwrap();
        match waitpid(self.main, None).unwrap() {
            WaitStatus::Exited(_, status) => status,
            other => panic!("it did not end by itself: {other:?}"),
        }
    }
}

/// What a traced process did.
enum Step {
    /// A thread is about to make a call, or has just made one.
    Call(Pid),
    /// A thread stands still for another reason; it goes on with this signal.
    Other(Pid, Option<Signal>),
    /// The process ended: with an exit status, or by a signal.
    Over(Result<i32, Signal>),
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

    /// Waits for the next thing that the process does.
    fn next(&mut self) -> Step {
        loop {
            // Threads of this test process trace processes of their own: only this thread's are waited for.
            let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            match waitpid(None, Some(flags)) {
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => panic!("nothing is traced any more: {error}"),
                Ok(WaitStatus::Exited(pid, status)) if pid == self.main => return Step::Over(Ok(status)),
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.main => return Step::Over(Err(signal)),
                Ok(WaitStatus::PtraceSyscall(thread)) => return Step::Call(thread),
                Ok(WaitStatus::PtraceEvent(thread, _, event)) => {
                    self.begun |= event == libc::PTRACE_EVENT_EXEC;
                    return Step::Other(thread, None);
                }
                Ok(WaitStatus::Stopped(thread, signal)) => return Step::Other(thread, Some(signal)),
                Ok(
                    WaitStatus::Exited(..)
                    | WaitStatus::Signaled(..)
                    | WaitStatus::Continued(_)
                    | WaitStatus::StillAlive,
                ) => {}
            }
        }
    }

    fn follow(mut self, at: Option<(usize, Side)>) -> Fate {
        let mut killed = None;
        loop {
            let (thread, signal) = match self.next() {
                Step::Over(status) => {
                    let ended = |writes| match status {
                        Ok(status) => Fate::Ended { status, writes },
                        Err(signal) => panic!("the command was ended by {signal}"),
                    };
                    return killed.map_or_else(|| ended(self.writes), Fate::Killed);
                }
                Step::Call(thread) => {
                    let call = self.call(thread).filter(|&(side, nth)| killed.is_none() && at == Some((nth, side)));
                    if let Some((_, nth)) = call {
                        kill(self.main, Signal::SIGKILL).unwrap();
                        killed = Some(self.writes[nth].clone());
                        continue;
                    }
                    (thread, None)
                }
                Step::Other(thread, signal) => (thread, signal),
            };
            // A thread that was killed meanwhile is no longer there to go on.
            let _ = ptrace::syscall(thread, signal);
        }
    }

    /// Counts a call. Gives its number and on which side of it the thread stands.
    fn call(&mut self, thread: Pid) -> Option<(Side, usize)> {
        if !self.begun {
            return None;
        }
        if ptrace::syscall_info(thread).ok()?.op == libc::PTRACE_SYSCALL_INFO_EXIT {
            return Some((Side::After, self.inside.remove(&thread)?));
        }
        let nth = self.writes.len();
        self.writes.push(write(thread)?);
        self.inside.insert(thread, nth);
        Some((Side::Before, nth))
    }

    /// Stops every thread and traces none of them any more.
    fn stop(mut self, standing: Pid) -> Stopped {
        let threads = || fs::read_dir(format!("/proc/{}/task", self.main)).unwrap().count();
        let mut left = threads();
        kill(self.main, Signal::SIGSTOP).unwrap();
        let mut thread = standing;
        loop {
            ptrace::detach(thread, Signal::SIGSTOP).unwrap();
            left -= 1;
            if left == 0 {
                return Stopped { main: self.main };
            }
            thread = match self.next() {
                Step::Call(thread) | Step::Other(thread, _) => thread,
                Step::Over(status) => panic!("the command ended with {status:?} while it was stopped"),
            };
        }
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
