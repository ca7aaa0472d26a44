//! Real servers for tests: private, on loopback, and gone when the test process is gone, however it ended.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long anything in a test may take that should take milliseconds, on a machine that is busy with others.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Ends daemons and removes their folder as soon as its input closes: on drop, or when the test process dies.
///
/// It lives in a process of its own, because statics are never dropped and a killed process drops nothing.
pub(crate) struct Keeper {
    pub(crate) dir: PathBuf,
    input: Mutex<Option<ChildStdin>>,
    shell: Child,
}

const KEEPER: &str = r#"
dir=$1 all=
while read -r signal target; do
  if [ "$signal" = forget ]; then all=${all/" $target"/}; else all="$all $signal:$target"; fi
done
for one in $all; do kill "-${one%%:*}" -- "${one#*:}" 2>/dev/null; done
for one in $all; do
  tries=100
  while kill -0 -- "${one#*:}" 2>/dev/null; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then kill -KILL -- "${one#*:}" 2>/dev/null; break; fi
    sleep 0.05
  done
done
rm -rf -- "$dir" || { sleep 1; rm -rf -- "$dir"; }
"#;

impl Keeper {
    /// A keeper with a new folder that every user may enter.
    pub(crate) fn new(name: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix(&format!("postdesk-{name}-"))
            .tempdir()
            .unwrap()
            .keep();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let mut shell = Command::new("/bin/bash")
            .args(["-c", KEEPER, "keeper"])
            .arg(&dir)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let input = Mutex::new(shell.stdin.take());
        Self { dir, input, shell }
    }

    /// Ends `target` by `signal` when the time has come: a process, or with a minus a whole group.
    pub(crate) fn watch(&self, signal: &str, target: i64) {
        let mut input = self.input.lock().unwrap();
        writeln!(input.as_mut().unwrap(), "{signal} {target}").unwrap();
    }

    /// Ends now what was to be ended by `signal` later, and waits until it has ended.
    pub(crate) fn end(&self, signal: &str, target: i64) {
        run(Command::new("kill")
            .arg(format!("-{signal}"))
            .arg("--")
            .arg(target.to_string()));
        let deadline = Instant::now() + PATIENCE;
        while Path::new(&format!("/proc/{}", target.abs())).exists() {
            assert!(Instant::now() < deadline, "{target} does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut input = self.input.lock().unwrap();
        writeln!(input.as_mut().unwrap(), "forget {signal}:{target}").unwrap();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.input.lock().map(|mut input| input.take()));
        drop(self.shell.wait());
    }
}

/// Starts a daemon in a process group of its own, with its output in `log`; answers with the group's id.
pub(crate) fn start(mut command: Command, log: &Path) -> i64 {
    let out = fs::File::create(log).unwrap();
    let err = out.try_clone().unwrap();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .process_group(0)
        .spawn()
        .unwrap_or_else(|problem| {
            panic!("{command:?} does not start: {problem}; run tests/run, which installs what is missing")
        });
    let id = i64::from(child.id());
    // somebody must wait for it, or it stays a zombie and the keeper waits for nothing
    std::thread::spawn(move || drop(child.wait()));
    id
}

/// Runs a program to its end and panics with what it said if it failed.
pub(crate) fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.stdin(Stdio::null()).output().unwrap_or_else(|problem| {
        panic!("{command:?} does not start: {problem}; run tests/run, which installs what is missing")
    });
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?} failed with {status}\n{out}{err}");
    out.into_owned()
}

/// Whether the tests may start daemons as other users.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A command as `user` when root, and as whoever runs the tests otherwise.
pub(crate) fn as_user(user: &str, program: impl AsRef<Path>) -> Command {
    if !is_root() {
        return Command::new(program.as_ref());
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", user, "--regid", user, "--init-groups", "--"])
        .arg(program.as_ref());
    command
}

/// Gives a file or folder to a user and group of that name when root.
pub(crate) fn give(path: &Path, user: &str) {
    if is_root() {
        run(Command::new("chown").arg(format!("{user}:{user}")).arg(path));
    }
}

/// A port of 127.0.0.1 that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Waits until a server accepts connections; shows its log if it never does.
pub(crate) fn wait_for_port(address: Ipv4Addr, port: u16, log: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect((address, port)).is_err() {
        assert!(
            Instant::now() < deadline,
            "nobody listens on {address}:{port}\n{}",
            tail(log)
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The end of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).map_or_else(
        |err| err.to_string(),
        |text| String::from_utf8_lossy(&text).into_owned(),
    );
    let lines: Vec<&str> = text.lines().collect();
    format!(
        "--- {}\n{}\n",
        log.display(),
        lines[lines.len().saturating_sub(60)..].join("\n")
    )
}

#[test]
fn a_keeper_ends_its_daemons_and_removes_its_folder() {
    let keeper = Keeper::new("keeper");
    let dir = keeper.dir.clone();
    let mut command = Command::new("sleep");
    command.arg("600");
    let group = start(command, &dir.join("log"));
    keeper.watch("TERM", -group);
    assert!(Path::new(&format!("/proc/{group}")).exists());

    drop(keeper);

    assert!(!Path::new(&format!("/proc/{group}")).exists());
    assert!(!dir.exists());
}
