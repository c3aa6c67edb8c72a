import Glibc

/// Functions of the GNU C library (2.36 or newer: Debian 12) that Swift's Glibc module leaves out, looked up by name.
///
/// Each is nil on an older library; the callers say what they do then.
enum GNUFunctions {
    typealias FileActions = UnsafeMutablePointer<posix_spawn_file_actions_t>

    // SAFETY: all have exactly these signatures in glibc's headers (sys/pidfd.h, spawn.h, unistd.h), with C's calling convention.
    static let pidfdOpen = find("pidfd_open", as: (@convention(c) (pid_t, UInt32) -> Int32).self)
    static let addCloseFrom = find("posix_spawn_file_actions_addclosefrom_np", as: (@convention(c) (FileActions, Int32) -> Int32).self)
    static let addChangeDirectory = find(
        "posix_spawn_file_actions_addchdir_np", as: (@convention(c) (FileActions, UnsafePointer<CChar>) -> Int32).self)
    static let pipe2 = find("pipe2", as: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32).self)

    /// `POSIX_SPAWN_SETSID` of spawn.h.
    static let spawnInOwnSession: Int32 = 0x80

    private static func find<F>(_ name: String, as type: F.Type) -> F? {
        dlsym(nil, name).map { unsafeBitCast($0, to: type) }
    }
}

/// `struct ucred` of sys/socket.h: who is at the other end of a unix socket.
struct PeerCredentials {
    var pid: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
}
