/// Puts a deployment together: finds its modules, chooses their versions, orders them, types their settings, merges extensions and
/// overlays.
///
/// ```swift let result = Composer(folders: ["/usr/share/tessera/manifests"]).compose("deployments/acme.yaml") for finding in
/// result.diagnostics { print(finding) } guard let composition = result.composition else { return }
/// ```
public struct Composer: Sendable {
    /// What composing gives.
    public struct Result: Sendable {
        /// The composition; missing after any error.
        public let composition: Composition?
        /// What could be made out in spite of errors: for finding further ones. Missing when there are none, or nothing could be made out.
        public let partial: PartialComposition?
        /// Everything that was found in all files, by file and place.
        public let diagnostics: [Diagnostic]
    }

    /// The version of the platform that manifests name under `platform`.
    public static let currentPlatform = SemanticVersion(0, 1, 0)

    private let files: FileSystem
    private let folders: [String]
    private let platform: SemanticVersion

    /// Says where to look.
    ///
    /// - Parameters:
    ///   - files: the file system.
    ///   - folders: folders with module manifests, searched after those that the deployment names.
    ///   - platform: the version of the platform.
    public init(files: FileSystem = .disk, folders: [String] = [], platform: SemanticVersion = Composer.currentPlatform) {
        self.files = files
        self.folders = folders
        self.platform = platform
    }

    /// Composes a deployment.
    ///
    /// Modules are searched in the deployment's `paths`, or without them in `manifests/` beside it and, when it lies in a folder called
    /// `deployments`, in the folder above; then in the folders given here.
    ///
    /// - Parameter path: the path of the deployment file.
    public func compose(_ path: String) -> Result {
        var composing = Composing(files: files, folders: folders, platform: platform)
        let composition = composing.compose(path)
        let diagnostics = composing.diagnostics.sorted(by: Diagnostic.inReadingOrder)
        let isBroken = diagnostics.contains { $0.severity == .error }
        return Result(
            composition: isBroken ? nil : composition,
            partial: isBroken ? composition.map { PartialComposition(composition: $0, unknown: composing.unknown) } : nil,
            diagnostics: diagnostics)
    }
}

/// One run of the composer.
private struct Composing {
    let files: FileSystem
    let folders: [String]
    let platform: SemanticVersion
    var diagnostics: [Diagnostic] = []
    var unknown = UnknownParts()

    init(files: FileSystem, folders: [String], platform: SemanticVersion) {
        self.files = files
        self.folders = folders
        self.platform = platform
    }

    mutating func compose(_ path: String) -> Composition? {
        guard let source = read(path, for: nil) else { return nil }
        let deployment = DeploymentManifest.parse(source)
        diagnostics += deployment.diagnostics
        guard let manifest = deployment.manifest else { return nil }
        let folder = Path.folder(of: path)
        let overlays = overlays(of: deployment, manifest, in: folder)
        checkFolders(manifest, in: folder)
        checkTimeZone(manifest.timeZone)
        let library = ModuleLibrary(folders: searchFolders(manifest, in: folder), files: files)
        var selection = ModuleSelector(
            deployment: manifest, library: library, searched: searchFolders(manifest, in: folder), platform: platform)
        let chosen = selection.choose()
        diagnostics += library.diagnostics + selection.diagnostics
        let modules = chosen.map { chosen in
            ResolvedModule(
                manifest: chosen.manifest, settings: settings(of: chosen, manifest, in: folder), path: chosen.source.path,
                sha256: SHA256.hexDigest(chosen.source.bytes))
        }
        var builder = CompositionBuilder(
            contributions: chosen.map { Contribution($0.manifest, unknown: $0.unknown) }
                + overlays.map { Contribution($0.overlay, unknown: $0.unknown) },
            missingModules: selection.missing)
        let types = builder.build()
        diagnostics += builder.diagnostics
        unknown.merge(deployment.unknown)
        for module in chosen { unknown.merge(module.unknown) }
        if !selection.missing.isEmpty { unknown.isOpen = true }
        return Composition(deployment: manifest, modules: modules, overlays: overlays.map(\.overlay), types: types)
    }

    private mutating func read(_ path: String, for mention: SourceLocation?) -> ManifestSource? {
        if let bytes = files.read(path) { return ManifestSource(path: path, bytes: bytes) }
        let place = mention ?? SourceLocation(file: path, line: 1, column: 1)
        let (reason, suggestion) = reason(of: path, mentionedIn: mention?.file)
        diagnostics.append(Diagnostic(code: .unreadable, location: place, message: reason, suggestion: suggestion))
        return nil
    }

    /// Why a file can't be read, and the one beside it that was probably meant.
    private func reason(of path: String, mentionedIn file: String?) -> (message: String, suggestion: String?) {
        if let names = files.list(path) {
            let example = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.min().map { ", such as \(Path.join(path, $0))" }
            return ("\(path) is a folder; name a file\(example ?? "")", nil)
        }
        let names = files.list(Path.folder(of: path)) ?? []
        if names.contains(Path.name(of: path)) { return ("the file \(path) can't be read; look at who may read it", nil) }
        return ("there is no file \(path)", Names.nearest(to: Path.name(of: path), among: names.filter { $0 != file.map(Path.name) }))
    }

    private mutating func overlays(
        of parsed: Parsed<DeploymentManifest>, _ deployment: DeploymentManifest, in folder: String
    ) -> [(overlay: Overlay, unknown: UnknownParts)] {
        var overlays = deployment.overlay.map { [(overlay: $0, unknown: parsed.unknown)] } ?? []
        for file in deployment.overlayFiles {
            guard let source = read(Path.join(folder, file.value), for: file.location) else {
                unknown.isOpen = true
                continue
            }
            let overlay = Overlay.parse(source)
            diagnostics += overlay.diagnostics
            unknown.merge(overlay.unknown)
            if let manifest = overlay.manifest { overlays.append((manifest, overlay.unknown)) } else { unknown.isOpen = true }
        }
        return overlays
    }

    private func searchFolders(_ deployment: DeploymentManifest, in folder: String) -> [String] {
        guard deployment.manifestFolders.isEmpty else {
            return deployment.manifestFolders.map { Path.join(folder, $0.value) } + folders
        }
        let isAmongDeployments = Path.name(of: folder) == "deployments"
        return [Path.join(folder, "manifests")] + (isAmongDeployments ? [Path.folder(of: folder)] : []) + folders
    }

    /// A folder that the deployment names must be there; the ones that are searched without being named need not.
    private mutating func checkFolders(_ deployment: DeploymentManifest, in folder: String) {
        for named in deployment.manifestFolders where files.list(Path.join(folder, named.value)) == nil {
            diagnostics.append(
                Diagnostic(
                    code: .unreadable, location: named.location, message: "the folder \(Path.join(folder, named.value)) can't be read"))
        }
    }

    /// A name that is written as time zones are may still be none. Where the machine has no list of them, nothing is judged.
    private mutating func checkTimeZone(_ zone: Located<String>) {
        let zones = "/usr/share/zoneinfo"
        guard files.list(zones) != nil, files.read("\(zones)/\(zone.value)") == nil else { return }
        let region = Path.folder(of: zone.value)
        let near = (files.list(region == "." ? zones : "\(zones)/\(region)") ?? []).map { region == "." ? $0 : "\(region)/\($0)" }
        diagnostics.append(
            Diagnostic(
                code: .invalidValue, location: zone.location, message: "there is no time zone '\(zone.value)' (\(zones) lists them)",
                suggestion: Names.nearest(to: zone.value, among: near)))
    }

    private mutating func settings(of chosen: ModuleSelector.Chosen, _ deployment: DeploymentManifest, in folder: String) -> [String:
        SettingValue]
    {
        let selection = deployment.modules.first { $0.requirement.module.value == chosen.manifest.id.value }
        var reader = SettingReader(folder: folder, module: chosen.manifest, isIntact: chosen.isIntact)
        let settings = reader.read(selection?.settings ?? [], at: selection?.requirement.module.location ?? deployment.location)
        diagnostics += reader.diagnostics
        return settings
    }
}
