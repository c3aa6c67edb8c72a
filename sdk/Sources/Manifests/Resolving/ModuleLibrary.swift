/// The module manifests that the folders hold, found by the id inside, not by the name of the file.
struct ModuleLibrary {
    struct Candidate {
        let id: String
        /// Missing when it can't be read.
        let version: SemanticVersion?
        let folder: String
        let source: ManifestSource
    }

    /// In the order of the folders, then by file name.
    private(set) var candidates: [Candidate] = []
    private(set) var diagnostics: [Diagnostic] = []

    init(folders: [String], files: FileSystem) {
        for folder in folders {
            for name in (files.list(folder) ?? []).sorted() where name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
                let path = Path.join(folder, name)
                guard let bytes = files.read(path) else { continue }
                add(ManifestSource(path: path, bytes: bytes), folder: folder)
            }
        }
    }

    /// The ids that are there.
    var ids: [String] { Set(candidates.map(\.id)).sorted() }

    func candidates(for id: String) -> [Candidate] { candidates.filter { $0.id == id } }

    /// Takes a file if it is a module manifest. One that isn't even YAML counts as the module that its name says, so that its findings
    /// are shown to those who ask for that module, and to nobody else.
    private mutating func add(_ source: ManifestSource, folder: String) {
        let root = YAMLDocument(source).root
        guard let root else {
            let stem = Path.name(of: source.path).split(separator: ".").dropLast().joined(separator: ".")
            candidates.append(Candidate(id: stem, version: nil, folder: folder, source: source))
            return
        }
        guard root.value(of: "manifest") != nil, let id = root.value(of: "id"), case .scalar(let scalar) = id.content else { return }
        var version: SemanticVersion?
        if case .scalar(let text)? = root.value(of: "version")?.content { version = SemanticVersion(text.text.text) }
        let candidate = Candidate(id: scalar.text.text, version: version, folder: folder, source: source)
        if let twin = candidates.first(where: { $0.id == candidate.id && $0.version == version && version != nil }) {
            reportTwin(candidate, twin, at: id.location)
            return
        }
        candidates.append(candidate)
    }

    private mutating func reportTwin(_ candidate: Candidate, _ twin: Candidate, at location: SourceLocation) {
        guard candidate.source.bytes != twin.source.bytes, let version = candidate.version else { return }
        let isSameFolder = candidate.folder == twin.folder
        diagnostics.append(
            Diagnostic(
                severity: isSameFolder ? .error : .warning, code: .doubleClaim, location: location,
                message: "'\(candidate.id)' \(version) stands in \(twin.source.path) too, with other content"
                    + (isSameFolder ? "; give one of them another version" : "; that one is taken")))
    }
}
