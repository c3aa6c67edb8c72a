#if canImport(Glibc)
    import Glibc
#endif

/// What a test run may be told from outside.
enum TestEnvironment {
    /// `TESSERA_TEST_SEED`, or a new one.
    static let seed: UInt64 = value("TESSERA_TEST_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)

    static func count(_ name: String, otherwise standard: Int) -> Int {
        value(name).flatMap { Int($0) } ?? standard
    }

    private static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
