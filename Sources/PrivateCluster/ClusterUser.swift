import Glibc

/// The user that PostgreSQL runs as.
struct ClusterUser: Equatable, Sendable {
    let uid: uid_t
    let gid: gid_t
    let name: String
    /// True when this process is root and has to become that user to start anything of the cluster.
    let isOther: Bool

    /// Chooses the user. PostgreSQL refuses root, so root runs it as somebody else; everybody else runs it as themselves.
    static func choose(_ options: PrivateClusterOptions) throws(PrivateClusterError) -> ClusterUser {
        let own = geteuid()
        guard own == 0 else {
            return ClusterUser(uid: own, gid: getegid(), name: entry(uid: own)?.name ?? "uid \(own)", isOther: false)
        }
        if let wanted = options.user {
            guard let user = entry(name: wanted), user.uid != 0 else {
                throw PrivateClusterError(.noUser, "there is no unprivileged user \"\(wanted)\" to run PostgreSQL as; name an existing one")
            }
            return user
        }
        // A folder that an unprivileged Tessera made stays that user's, so that both ways of starting go on working.
        if let facts = try FileFacts.of(options.dataDirectory + "/data"), facts.owner != 0, let owner = entry(uid: facts.owner) {
            return owner
        }
        for name in [options.environment["TESSERA_POSTGRES_USER"], "postgres", "tessera"] {
            if let name, let user = entry(name: name), user.uid != 0 { return user }
        }
        throw PrivateClusterError(
            .noUser,
            "PostgreSQL refuses to run as root, and there is no user \"postgres\" or \"tessera\" to run it as; "
                + "create one (adduser --system --group tessera) or start Tessera as an ordinary user")
    }

    private static func entry(name: String) -> ClusterUser? {
        lookUp { getpwnam_r(name, $0, $1, $2, $3) }
    }

    static func entry(uid: uid_t) -> ClusterUser? {
        lookUp { getpwuid_r(uid, $0, $1, $2, $3) }
    }

    private typealias Query = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func lookUp(_ query: Query) -> ClusterUser? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65536) { buffer in
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            // SAFETY: the buffer holds the strings that the record points to and outlives their use in this closure.
            guard let start = buffer.baseAddress, query(&record, start, buffer.count, &found) == 0, found != nil, let name = record.pw_name
            else { return nil }
            return ClusterUser(uid: record.pw_uid, gid: record.pw_gid, name: String(cString: name), isOther: record.pw_uid != geteuid())
        }
    }
}
