import Glibc
import Synchronization
import Transfer

/// The file of an import's failed rows as the command line keeps it: with the mapping that reads it beside it, and never at the cost of an earlier one
/// that people may have corrected since.
final class FailedRowsFile: Sendable {
    let path: String
    /// Where the earlier file went.
    private let aside = Mutex<String?>(nil)

    init(_ path: String) { self.path = path }

    // MARK: The mapping beside it

    /// `accounts.csv.failed.mapping.yaml` of `accounts.csv.failed.csv`.
    static func mappingPath(of path: String) -> String { "\(stem(of: path)).mapping.yaml" }

    /// The mapping that an import has left beside its file of failed rows; nil where there is none.
    static func mapping(of path: String) -> String? {
        let mapping = mappingPath(of: path)
        return text(mapping)?.hasPrefix(beginning) == true ? mapping : nil
    }

    private static let beginning = "# How the file of failed rows beside it is read; taken by itself when that is imported. As written: "

    /// The first line tells whether the two are as an import left them.
    private static func signed(_ mapping: String, of path: String) throws -> String {
        "\(beginning)\(FileDigest.sha256(of: "\(try FileDigest.sha256(path)) \(mapping)"))\n\(mapping)"
    }

    private static func isAsWritten(_ path: String, mapping: String) -> Bool {
        guard let text = text(mapping), text.hasPrefix(beginning), let end = text.firstIndex(of: "\n") else { return false }
        return (try? signed(String(text[text.index(after: end)...]), of: path)) == text
    }

    // MARK: Writing

    /// Finds out before the work begins whether it could be written at its end.
    func requireWritable() throws {
        try TextFile.requireWritable(path)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let folder = parts.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parts
        guard !Self.isRegular(path) || access(folder, W_OK) == 0 else {
            throw Failure(
                .wrongInput,
                "\(path) is of an earlier import and can't be put aside, since \(folder) can't be written: \(String(cString: strerror(errno))). "
                    + "Name another file with --failed.")
        }
    }

    /// Empty, for the first row that fails. What had the name before is put aside.
    func create() throws -> Int32 {
        if Self.isRegular(path) {
            let name = Self.freeName(for: path)
            guard rename(path, name) == 0 else {
                throw Failure(.wrongInput, "\(path) can't be put aside as \(name): \(String(cString: strerror(errno)))")
            }
            aside.withLock { $0 = name }
        }
        let mapping = Self.mappingPath(of: path)
        if Self.isRegular(mapping) {
            let name = Self.mappingPath(of: aside.withLock { $0 } ?? Self.freeName(for: path))
            guard rename(mapping, name) == 0 else {
                throw Failure(.wrongInput, "\(mapping) can't be put aside as \(name): \(String(cString: strerror(errno)))")
            }
        }
        return try TextFile.create(path, mode: 0o600)
    }

    /// Writes the mapping beside it, and forgets an earlier file that nobody has changed.
    ///
    /// - Returns: what people should know, a sentence each.
    func finish(mapping: String?) -> [String] {
        var notes: [String] = []
        if let mapping, Self.isRegular(path) {
            // The import is done: what can't be written beside its failed rows is no reason not to tell of it.
            do { try TextFile.write(try Self.signed(mapping, of: path), to: Self.mappingPath(of: path)) } catch {
                notes.append("the mapping that reads it is lost: \(Failure(error).message)")
            }
        }
        guard let aside = aside.withLock({ $0 }) else { return notes }
        let old = Self.mappingPath(of: aside)
        let isSame = (try? FileDigest.sha256(aside)) == (try? FileDigest.sha256(path))
        guard isSame || Self.isAsWritten(aside, mapping: old) else {
            return notes + ["the earlier \(path) may hold corrections; it is \(aside) now"]
        }
        unlink(aside)
        if Self.text(old)?.hasPrefix(Self.beginning) == true { unlink(old) }
        return notes
    }

    /// The file under its own name tells of the last import: one without failures leaves none there, unless somebody has changed it.
    func removeStale() -> [String] {
        guard Self.isRegular(path), let beginning = Self.text(path, atMost: 64 * 1024), FailedRows.isOne(Array(beginning.utf8)) else {
            return []
        }
        let mapping = Self.mappingPath(of: path)
        guard Self.isAsWritten(path, mapping: mapping), unlink(path) == 0 else {
            return ["\(path) is of an earlier import and may hold corrections; it stays, though no row failed now"]
        }
        unlink(mapping)
        return ["removed \(path) of an earlier import: no row failed now"]
    }

    // MARK: Names and contents

    private static func stem(of path: String) -> String {
        let name = TextFile.name(of: path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return path }
        return String(path.dropLast(name.distance(from: dot, to: name.endIndex)))
    }

    /// `accounts.csv.failed.1.csv`, or the first number after that for which there is neither rows nor mapping.
    private static func freeName(for path: String) -> String {
        let stem = stem(of: path)
        let ending = path.dropFirst(stem.count)
        var number = 1
        while true {
            let name = "\(stem).\(number)\(ending)"
            if access(name, F_OK) != 0, access(mappingPath(of: name), F_OK) != 0 { return name }
            number += 1
        }
    }

    private static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func text(_ path: String, atMost limit: Int = .max) -> String? {
        guard isRegular(path), var pieces = try? FilePieces(path).makeIterator() else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < limit, let piece = try? pieces.nextPiece(), !piece.isEmpty { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }
}
