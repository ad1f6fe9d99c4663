// swift-tools-version:5.9
// The C library for Swift: `import CMilopt`. The library itself is found by pkg-config (milopt.pc).
import PackageDescription

let package = Package(
    name: "CMilopt",
    products: [.library(name: "CMilopt", targets: ["CMilopt"])],
    targets: [.systemLibrary(name: "CMilopt", path: "include", pkgConfig: "milopt")]
)
