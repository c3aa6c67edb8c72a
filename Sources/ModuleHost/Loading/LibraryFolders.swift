import Glibc

/// The folders in which module libraries are looked for, in order.
package struct LibraryFolders: Sendable, Hashable {
    /// Without repetitions.
    package let paths: [String]

    /// Those of TESSERA_MODULE_PATH first, then the given ones, then those of an installation: beside the executable, and in
    /// `lib/tessera` beside its folder.
    ///
    /// - Parameters:
    ///   - modulePath: value of TESSERA_MODULE_PATH: folders with colons between.
    ///   - folders: folders of the caller's choice.
    ///   - executable: path of the running program; nil for the one that runs.
    package init(modulePath: String?, folders: [String] = [], executable: String? = nil) {
        var candidates = (modulePath ?? "").split(separator: ":").map(String.init) + folders
        if let executable = executable ?? Self.runningExecutable, let slash = executable.lastIndex(of: "/") {
            let folder = String(executable[..<slash])
            candidates += [folder.isEmpty ? "/" : folder, folder + "/../lib/tessera"]
        }
        var paths: [String] = []
        for path in candidates where !paths.contains(path) { paths.append(path) }
        self.paths = paths
    }

    /// Path of a library, or nil when no folder has it.
    func path(ofLibrary name: String) -> String? {
        paths.lazy.map { "\($0)/lib\(name).so" }.first { access($0, R_OK) == 0 }
    }

    /// Names that mean a file in one of the folders and nothing else.
    static func isLibraryName(_ name: String) -> Bool {
        guard (1...100).contains(name.utf8.count), name.utf8.first != UInt8(ascii: ".") else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
        }
    }

    private static var runningExecutable: String? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PATH_MAX)) { buffer in
            // SAFETY: readlink writes at most the buffer's size and says how much; only that much is read.
            let count = buffer.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { readlink("/proc/self/exe", $0, characters.count) } ?? 0
            }
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}
