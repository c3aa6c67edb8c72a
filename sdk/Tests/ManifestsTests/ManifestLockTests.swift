import Glibc
import Manifests
import Testing

@Suite("The lock") struct ManifestLockTests {
    private func composition(_ modules: [String: String], named name: String = "acme") throws -> Composition {
        var files = Dictionary(uniqueKeysWithValues: modules.map { ("manifests/\($0.key).yaml", manifest($0.key, $0.value)) })
        files["d.yaml"] =
            "deployment: 1\nname: \(name)\nmodules: { \(modules.keys.sorted().map { "\($0): {}" }.joined(separator: ", ")) }\n"
        return try #require(Composer(files: .memory(files)).compose("d.yaml").composition)
    }

    private func manifest(_ id: String, _ versionAndMore: String) -> String {
        "manifest: 1\nid: \(id)\nname: \(id)\nversion: \(versionAndMore)\n"
    }

    @Test("has the text that is read back as the same lock")
    func roundTrip() throws {
        let composition = try composition(["b": "2.0.0+x", "a": "1.0.0"])
        let lock = ManifestLock(composition)
        #expect(
            lock.yaml == """
                # What this deployment is composed of. Written by Tessera; commit it.
                lock: 1
                deployment: acme
                modules:
                  a:
                    version: "1.0.0"
                    sha256: "f74e32386dfa6f8a070fdcaf0be3bcc8c3d26a6222e84680d1703ee0aa3f7c40"
                  b:
                    version: "2.0.0+x"
                    sha256: "54f06ee8f4e78e05981199731f43fd60c3b94d7dd0f25a4929fa2fc1cebb524c"

                """)
        let parsed = ManifestLock.parse(ManifestSource(path: "tessera.lock", text: lock.yaml))
        #expect(parsed.diagnostics.isEmpty)
        #expect(parsed.manifest?.yaml == lock.yaml)
        #expect(parsed.manifest?.differences(from: composition, lockPath: "tessera.lock") == [])
    }

    @Test("reports what is new, gone, of another version or of another content")
    func differences() throws {
        let locked = ManifestLock(try composition(["a": "1.0.0", "b": "1.0.0", "c": "1.0.0", "e": "1.0.0"]))
        let lock = try #require(ManifestLock.parse(ManifestSource(path: "tessera.lock", text: locked.yaml)).manifest)
        let now = try composition(["a": "1.0.0", "b": "1.1.0", "c": "1.0.0\ndescription: New.", "d": "1.0.0"], named: "other")
        let findings = lock.differences(from: now, lockPath: "tessera.lock")
        #expect(
            findings.map(\.description) == [
                "tessera.lock:1:1: error: the lock is of the deployment 'acme', not of 'other'; lock anew if this is meant",
                "tessera.lock:8:3: error: modules.b: the module 'b' is locked at 1.0.0, but 1.1.0 is there; lock anew if this is meant",
                "tessera.lock:11:3: error: modules.c: the manifest of 'c' 1.0.0 has changed since it was locked; lock anew if this is meant",
                "tessera.lock:14:3: error: modules.e: the module 'e' is locked, but no longer in the deployment; lock anew if this is meant",
                "tessera.lock:1:1: error: the module 'd' 1.0.0 is not in the lock; lock anew if this is meant",
            ])
        #expect(findings.allSatisfy { $0.code == .lockDiffers })
    }

    @Test("is written whole and read again")
    func files() throws {
        var template = Array("/tmp/tessera-lock-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let path = "\(folder)/\(ManifestLock.fileName)"
        #expect(ManifestLock.read(path)?.manifest == nil)
        let lock = ManifestLock(try composition(["a": "1.0.0"]))
        try lock.write(to: path)
        try lock.write(to: path)
        #expect(ManifestLock.read(path)?.manifest?.yaml == lock.yaml)
        #expect(FileSystem.disk.list(folder) == ["tessera.lock"])
        do throws(ManifestWriteError) {
            try lock.write(to: "\(path)/x")
            Issue.record("a file can't be a folder")
        } catch {
            #expect(error.description == "the file \(path)/x can't be written: Not a directory")
            #expect(error.code.rawValue == "manifest.unwritable")
        }
        unlink(path)
        rmdir(folder)
    }

    @Test("that was damaged is refused")
    func damaged() {
        let parsed = ManifestLock.parse(
            ManifestSource(path: "l", text: "lock: 1\ndeployment: acme\nmodules: { a: { version: 1.0.0, sha256: abc } }\n"))
        #expect(
            parsed.diagnostics.map(\.description) == [
                "l:3:41: error: modules.a.sha256: must be a SHA-256 digest: 64 hexadecimal digits in lower case, not 'abc'"
            ])
        #expect(!parsed.isValid)
    }
}
