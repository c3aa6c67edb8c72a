import Files
import Glibc
import Logging
import Manifests
import ModuleHost
import PrivateCluster
import Records

/// Where files lie and how long they are kept, from the environment; else a folder of the data folder.
enum FileSettings {
    static func open(_ options: DeploymentOptions, records: RecordStore, logger: Logger) throws -> FileStore {
        var limits = FileLimits()
        if let text = variable("TESSERA_FILE_LIMIT") {
            guard let size = bytes(text), size > 0 else {
                throw Failure(.wrongInput, "TESSERA_FILE_LIMIT is a number of bytes, or of KiB, MiB or GiB, such as 500MiB, not '\(text)'")
            }
            limits.size = size
        }
        if let text = variable("TESSERA_FILE_GRACE_DAYS") {
            guard let days = Int(text), (1...3_650).contains(days) else {
                throw Failure(.wrongInput, "TESSERA_FILE_GRACE_DAYS is a number of days from 1 to 3650, not '\(text)'")
            }
            limits.grace = .seconds(days * 86_400)
        }
        let store = FolderStore(folder: try folder(options))
        let contents: any ContentStore = try objectStore() ?? store
        return FileStore(records: records, contents: contents, staging: store.staging, limits: limits, logger: logger)
    }

    /// The S3-compatible store that TESSERA_FILES names; nil when it names a folder, or nothing.
    private static func objectStore() throws -> S3Store? {
        guard let address = variable("TESSERA_FILES"), address.hasPrefix("s3://") else { return nil }
        do {
            return S3Store(
                settings: try S3Settings(
                    address: address, endpoint: variable("TESSERA_S3_ENDPOINT"), region: variable("TESSERA_S3_REGION"),
                    accessKey: try secret("TESSERA_S3_ACCESS_KEY"), secretKey: try secret("TESSERA_S3_SECRET_KEY")))
        } catch let error as FilesError {
            throw Failure(.wrongInput, "TESSERA_FILES: \(error.message)")
        }
    }

    /// From the variable, or from the file that `<name>_FILE` names.
    private static func secret(_ name: String) throws -> String {
        let source: SecretSource = variable("\(name)_FILE").map { .file($0) } ?? .environment(name)
        guard let value = source.read() else {
            throw Failure(.wrongInput, "an S3 store needs \(name), or \(name)_FILE with the name of a file that holds it and can be read")
        }
        return value
    }

    /// Where contents lie, or on their way to an object store are staged.
    static func folder(_ options: DeploymentOptions) throws -> String {
        if let named = variable("TESSERA_FILES"), !named.hasPrefix("s3://") { return Database.absolute(named) }
        guard let data = options.data ?? PrivateCluster.defaultDataDirectory() else {
            throw Failure(
                .wrongInput, "no data folder: this user has no home; name one with --data, or a folder for files in TESSERA_FILES")
        }
        return Database.absolute(data) + "/files"
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// `1048576`, `1024KiB`, `1MiB`.
    private static func bytes(_ text: String) -> Int64? {
        let units: [(String, Int64)] = [("KiB", 1_024), ("MiB", 1_048_576), ("GiB", 1_073_741_824)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Int64(text.dropLast(3)) else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: factor)
            return overflows ? nil : product
        }
        return Int64(text)
    }
}
