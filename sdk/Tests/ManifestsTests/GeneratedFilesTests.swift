import Glibc
import Manifests
import Testing

/// With TESSERA_WRITE_GENERATED set (scripts/generate-manifest-reference does) the files are written before they are compared.
@Suite("Generated files") struct GeneratedFilesTests {
    private static let isWriting = getenv("TESSERA_WRITE_GENERATED") != nil

    @Test("the committed JSON Schemas are those of this version", arguments: ManifestSchema.File.allCases)
    func schemas(file: ManifestSchema.File) throws {
        let path = "manifests/schema/\(file.rawValue).schema.json"
        if Self.isWriting { try write(ManifestSchema.json(for: file), to: path) }
        let committed = String(decoding: try Repository.bytes(path), as: UTF8.self)
        #expect(committed == ManifestSchema.json(for: file), "run scripts/generate-manifest-reference to write \(path) anew")
    }

    @Test("the reference in docs/manifests.md is that of this version")
    func reference() throws {
        let path = "docs/manifests.md"
        var parts = try parts(of: path)
        if Self.isWriting {
            try write(parts.before + "\n" + ManifestReference.markdown() + "\n" + parts.after, to: path)
            parts = try self.parts(of: path)
        }
        #expect(
            parts.reference == "\n" + ManifestReference.markdown() + "\n", "run scripts/generate-manifest-reference to write \(path) anew")
    }

    /// The document before, between and after the markers; the markers belong to what is before and after.
    private func parts(of path: String) throws -> (before: String, reference: String, after: String) {
        let document = String(decoding: try Repository.bytes(path), as: UTF8.self)
        let (start, end) = ManifestReference.markers
        let first = try #require(document.firstRange(of: start + "\n"))
        let last = try #require(document.firstRange(of: end))
        return (
            String(document[..<first.upperBound]), String(document[first.upperBound..<last.lowerBound]),
            String(document[last.lowerBound...])
        )
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen("\(Repository.root)/\(path)", "w"))
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
