import Glibc

/// A folder of a test's own.
package enum TestFolder {
    package static func make() throws -> String {
        var template = Array("/tmp/tessera-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestStoreError("no folder can be made in /tmp") }
        return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// Where a file of a test may lie until the process ends; then it goes.
    package static func file(_ kind: String) -> String { "\(ofProcess)/\(UInt64.random(in: 0 ... .max)).\(kind)" }

    /// Made at the first use.
    private static let ofProcess: String = {
        guard let folder = try? make() else { return "/tmp" }
        atexit { TestFolder.remove(TestFolder.ofProcess) }
        return folder
    }()

    /// Removes it with everything in it.
    package static func remove(_ path: String) {
        for name in names(in: path) {
            let inner = "\(path)/\(name)"
            if unlink(inner) != 0 { remove(inner) }
        }
        rmdir(path)
    }

    /// Paths of all files below, without the folder's own.
    package static func files(in path: String) -> [String] {
        names(in: path).flatMap { name -> [String] in
            let inner = "\(path)/\(name)"
            var info = stat()
            guard stat(inner, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { return [name] }
            return files(in: inner).map { "\(name)/\($0)" }
        }.sorted()
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
