import CLibPQ

/// Where the database is and how each connection to it is set up.
package struct PostgresConfiguration: Sendable, CustomStringConvertible {
    /// libpq's connection keywords (PostgreSQL manual, 34.1.2). Holds the password.
    private(set) var keywords: [String: String]
    /// Shown in pg_stat_activity.
    package var applicationName: String
    package var connectTimeout: Duration
    /// Run-time parameters of every connection, such as `statement_timeout`. Those that say how values are written are the client's.
    package var settings: [String: String]

    /// Accepts `postgres://user:password@host:port/database?host=/socket/folder` and `key=value` strings, as libpq does.
    package init(
        url: String, applicationName: String = "tessera", connectTimeout: Duration = .seconds(10), settings: [String: String] = [:]
    ) throws {
        self.keywords = try Self.parse(url)
        self.applicationName = keywords.removeValue(forKey: "application_name") ?? applicationName
        if let seconds = keywords.removeValue(forKey: "connect_timeout").flatMap({ Int($0) }), seconds > 0 {
            self.connectTimeout = .seconds(seconds)
        } else {
            self.connectTimeout = connectTimeout
        }
        self.settings = settings
    }

    package var host: String { keywords["host"] ?? keywords["hostaddr"] ?? "" }
    package var database: String { keywords["dbname"] ?? "" }
    package var user: String { keywords["user"] ?? "" }

    /// Host, port and database; safe for logs.
    package var description: String {
        "PostgreSQL database \"\(database)\" at \(host.isEmpty ? "the default host" : host), port \(keywords["port"] ?? "5432")"
    }

    /// The same server, another database.
    package func with(database: String) -> PostgresConfiguration {
        var copy = self
        copy.keywords["dbname"] = database
        return copy
    }

    /// What is passed to libpq, in its order of precedence.
    var connectionKeywords: [(String, String)] {
        var result = keywords
        result["application_name"] = applicationName
        result["client_encoding"] = "UTF8"
        let options = optionString
        result["options"] = result["options"].map { "\($0) \(options)" } ?? options
        if !host.hasPrefix("/") {
            for (key, value) in Self.networkDefaults where result[key] == nil { result[key] = value }
        }
        return result.sorted { $0.key < $1.key }
    }

    /// What decoding relies on.
    private static let ownSettings = [
        ("DateStyle", "ISO"), ("IntervalStyle", "iso_8601"), ("bytea_output", "hex"), ("extra_float_digits", "1"),
    ]

    /// A dead peer is noticed within a minute: first probe after 30 s idle, unacknowledged data after 30 s.
    private static let networkDefaults = [
        "keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "30000",
    ]

    private var optionString: String {
        // The last one counts.
        let all = [("TimeZone", "UTC")] + settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } + Self.ownSettings
        return all.map { "-c \($0.0)=\(Self.escaped($0.1))" }.joined(separator: " ")
    }

    /// Spaces and backslashes within a value of `options` are escaped by a backslash.
    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            if scalar == " " || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    private static func parse(_ url: String) throws -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            defer { PQfreemem(message) }
            // libpq's message may quote the string, and with it a password.
            throw PostgresError(
                .configuration,
                "The database URL can't be read. Expected postgres://user:password@host:port/database or key=value pairs."
            )
        }
        defer { PQconninfoFree(options) }
        var keywords: [String: String] = [:]
        // SAFETY: libpq ends the array with an entry whose keyword is NULL.
        var entry = options
        while let keyword = entry.pointee.keyword {
            if let value = entry.pointee.val { keywords[String(cString: keyword)] = String(cString: value) }
            entry += 1
        }
        return keywords
    }
}
