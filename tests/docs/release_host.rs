//! A release as it is published, made by packaging/release.sh, and a host on loopback that serves it, well or badly.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
pub const BINARY: &str = env!("CARGO_BIN_EXE_crashgate");

/// The targets that are released.
pub fn targets() -> Vec<String> {
    fs::read_to_string("packaging/targets").unwrap().lines().map(str::to_owned).collect()
}

/// The name of the archive for a target, without its ending.
pub fn name(target: &str) -> String {
    format!("crashgate-v{VERSION}-{target}")
}

/// A folder with a binary for each target: scripts that hand on to the binary under test.
pub fn binaries(folder: &Path) {
    for target in targets() {
        let folder = folder.join(&target);
        fs::create_dir_all(&folder).unwrap();
        let ending = if target.contains("windows") { ".exe" } else { "" };
        script(&folder.join(format!("crashgate{ending}")), &format!("exec '{BINARY}' \"$@\""));
    }
}

/// Writes a shell script that can be executed.
pub fn script(path: &Path, body: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs one of the scripts in packaging/. Its exit code, and what it said on stdout and stderr.
pub fn packaging(script: &str, arguments: &[&Path]) -> (bool, String, String) {
    let mut command = Command::new(Path::new("packaging").join(script));
    command.args(arguments).env("SOURCE_DATE_EPOCH", "1750000000").env_remove("GITHUB_REPOSITORY");
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// The folder of a whole release, made once.
pub fn release() -> &'static Path {
    static RELEASE: OnceLock<PathBuf> = OnceLock::new();
    RELEASE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release");
        let _ = fs::remove_dir_all(&folder);
        let (from, out) = (folder.join("binaries"), folder.join("out"));
        binaries(&from);
        let (made, _, said) = packaging("release.sh", &[&from, &out]);
        assert!(made, "{said}");
        out
    })
}

/// What is at an address.
#[derive(Debug, Clone)]
pub enum Answer {
    Whole(Vec<u8>),
    /// Half of it, and the connection ends.
    Half(Vec<u8>),
    /// It begins and does not end.
    Stalled(Vec<u8>),
    Elsewhere(String),
}

/// A host of releases, until it is dropped.
pub struct Host {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a host of this release has, by path.
pub fn files() -> BTreeMap<String, Answer> {
    files_of(release())
}

/// What a host of the release in this folder has.
pub fn files_of(release: &Path) -> BTreeMap<String, Answer> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(release).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let place = format!("/releases/download/v{VERSION}/{file}");
        files.insert(format!("/releases/latest/download/{file}"), Answer::Elsewhere(place.clone()));
        files.insert(place, Answer::Whole(fs::read(&path).unwrap()));
    }
    files
}

impl Host {
    pub fn serve(files: BTreeMap<String, Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let (log, end) = (Arc::clone(&asked), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            let mut open = Vec::new();
            for connection in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                open.extend(answer(connection.unwrap(), &files, &log));
            }
        });
        Self { address, asked, ended, thread: Some(thread) }
    }

    /// The address that `CRASHGATE_RELEASES` names.
    pub fn releases(&self) -> String {
        format!("http://{}/releases", self.address)
    }

    /// The files that were asked for, without their folders.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|path| path.rsplit_once('/').unwrap().1.to_owned()).collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Answers one request. Returns the connection where it is to stay open.
fn answer(
    mut connection: TcpStream,
    files: &BTreeMap<String, Answer>,
    asked: &Mutex<Vec<String>>,
) -> Option<TcpStream> {
    let mut request = String::new();
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    reader.read_line(&mut request).unwrap();
    let mut header = String::new();
    while reader.read_line(&mut header).unwrap() > 2 {
        header.clear();
    }
    let path = request.split(' ').nth(1)?.to_owned();
    let head =
        |status: &str, length: usize| format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n");
    let (head, body, stays) = match files.get(&path) {
        None => (head("404 Not Found", 0), Vec::new(), false),
        Some(Answer::Elsewhere(place)) => (head("302 Found", 0) + &format!("Location: {place}\r\n"), Vec::new(), false),
        Some(Answer::Whole(bytes)) => (head("200 OK", bytes.len()), bytes.clone(), false),
        Some(Answer::Half(bytes)) => (head("200 OK", bytes.len()), bytes[..bytes.len() / 2].to_vec(), false),
        Some(Answer::Stalled(bytes)) => (head("200 OK", bytes.len()), bytes[..bytes.len() / 2].to_vec(), true),
    };
    asked.lock().unwrap().push(path);
    // Whoever asked may be gone already.
    let _ = connection.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| connection.write_all(&body));
    stays.then_some(connection)
}
