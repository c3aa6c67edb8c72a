import Glibc

/// Keeps a second Tessera out of a data folder for as long as the value lives.
///
/// The lock is the kernel's (`flock`) and ends with the process that holds it, however that ends; the file names the holder.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(path: String, owner: ClusterUser) throws(PrivateClusterError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            guard number == EWOULDBLOCK else { throw .system("lock", path, number) }
            throw FolderLock.inUse(path)
        }
        if owner.isOther { _ = fchown(descriptor, owner.uid, owner.gid) }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let number = errno
            close(descriptor)
            throw .system("write", path, number)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Whether a process holds the lock that the file names. Asked of the kernel's list of locks and not by trying: whoever tries holds it for a
    /// moment, and a server that starts in that moment is refused.
    static func isHeld(_ path: String) -> Bool {
        guard let holder = holder(path), let locks = Files.readText("/proc/locks") else { return false }
        // `12: FLOCK  ADVISORY  WRITE 4711 fe:01:131 0 EOF` (proc_locks(5)). The file isn't looked at: stacked file systems number it otherwise.
        return locks.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count > 4 && words[1] == "FLOCK" && words[3] == "WRITE" && pid_t(words[4]) == holder
        }
    }

    /// Who holds it, or held it last, as words.
    static func holderName(_ path: String) -> String { holder(path).map { "process \($0)" } ?? "another process" }

    private static func holder(_ path: String) -> pid_t? {
        Files.readText(path, limit: 32)?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    private static func inUse(_ path: String) -> PrivateClusterError {
        let who = holderName(path)
        let folder = Files.parent(of: path)
        return PrivateClusterError(
            .inUse, "the data folder \(folder) is in use by \(who); stop that Tessera or choose another data folder")
    }
}
