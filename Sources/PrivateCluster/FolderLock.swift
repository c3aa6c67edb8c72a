import Glibc

/// Keeps a second Tessera out of a data folder for as long as the value lives.
///
/// The lock is the kernel's (`flock`) and ends with the process that holds it, however that ends; the file names the holder:
///
///     4711
///     server
final class FolderLock: Sendable {
    /// What a process has the folder for.
    enum Purpose: String {
        /// Until it is told to stop.
        case server
        /// Until its work is done.
        case command
    }

    /// Who holds a lock, as its file says.
    struct Holder: Equatable {
        var process: pid_t
        /// Nil for one of a build that didn't say so.
        var purpose: Purpose?
    }

    let descriptor: Int32

    init(path: String, owner: ClusterUser, purpose: Purpose) throws(PrivateClusterError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            guard number == EWOULDBLOCK else { throw .system("lock", path, number) }
            throw FolderLock.inUse(path)
        }
        if owner.isOther { _ = fchown(descriptor, owner.uid, owner.gid) }
        let text = Array("\(getpid())\n\(purpose.rawValue)\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let number = errno
            close(descriptor)
            throw .system("write", path, number)
        }
        self.descriptor = descriptor
    }

    /// A process that another thread is starting at this moment has a copy of the descriptor until it runs its program, and would hold the lock
    /// for so long if it weren't let go.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The process that the file names, if it holds the lock. Asked of the kernel's list of locks and not by trying: whoever tries holds it for a
    /// moment, and a server that starts in that moment is refused.
    static func holder(_ path: String) -> Holder? {
        guard let named = named(path), let locks = Files.readText("/proc/locks") else { return nil }
        // `12: FLOCK  ADVISORY  WRITE 4711 fe:01:131 0 EOF` (proc_locks(5)). The file isn't looked at: stacked file systems number it otherwise.
        let isHeld = locks.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count > 4 && words[1] == "FLOCK" && words[3] == "WRITE" && pid_t(words[4]) == named.process
        }
        return isHeld ? named : nil
    }

    /// Who holds it, or held it last, as words.
    static func holderName(_ path: String) -> String {
        guard let holder = named(path) else { return "another process" }
        return "process \(holder.process)" + (holder.purpose.map { ", a \($0.rawValue)" } ?? "")
    }

    private static func named(_ path: String) -> Holder? {
        let lines = Files.readText(path, limit: 32)?.split(separator: "\n") ?? []
        guard let process = lines.first.flatMap({ pid_t($0) }) else { return nil }
        return Holder(process: process, purpose: lines.dropFirst().first.flatMap { Purpose(rawValue: String($0)) })
    }

    private static func inUse(_ path: String) -> PrivateClusterError {
        let who = holderName(path)
        let folder = Files.parent(of: path)
        return PrivateClusterError(
            .inUse, "the data folder \(folder) is in use by \(who); stop that Tessera or choose another data folder")
    }
}
