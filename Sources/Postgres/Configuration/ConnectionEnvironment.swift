import CLibPQ
import Glibc

/// The environment variables that libpq goes by (PostgreSQL manual, 34.15), wherever its caller says nothing else.
///
/// Those that say how values are written or queries planned would change what a client reads, and no keyword of a connection comes before them.
package enum ConnectionEnvironment {
    /// Which of them are forgotten.
    package enum Scope: Sendable {
        /// Those that change answers: `PGDATESTYLE`, `PGTZ`, `PGGEQO` and what stands in `PGOPTIONS`. What the URL leaves out, such as a password or
        /// certificates, may still come from the environment.
        case answers
        /// All: the connections of a private cluster say everything themselves.
        case everything
    }

    /// Takes variables out of the process's environment, and so out of that of the programs it starts.
    ///
    /// To be called before any other thread runs: the environment has no lock.
    package static func forget(_ scope: Scope) {
        for name in names(scope) { unsetenv(name) }
    }

    static func names(_ scope: Scope) -> [String] {
        switch scope {
        case .answers: answers
        case .everything: answers + keywords + files
        }
    }

    private static let answers = ["PGDATESTYLE", "PGTZ", "PGGEQO", "PGOPTIONS", "PGCLIENTENCODING"]
    private static let files = ["PGSERVICEFILE", "PGSYSCONFDIR", "PGREQUIRESSL"]

    /// Those that stand for a keyword, in the libpq that is installed.
    private static var keywords: [String] {
        guard let options = PQconninfoParse("", nil) else { return [] }
        defer { PQconninfoFree(options) }
        var names: [String] = []
        // SAFETY: libpq ends the array with an entry whose keyword is NULL.
        var entry = options
        while entry.pointee.keyword != nil {
            if let name = entry.pointee.envvar { names.append(String(cString: name)) }
            entry += 1
        }
        return names
    }
}
