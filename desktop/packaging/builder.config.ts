/** What electron-builder makes of `desktop/dist/app`: installers, with Electron's doors shut (fuses) before signing. */
import type { Configuration } from "electron-builder";
import { enrolmentFileEnding } from "../main/openings.ts";

const icons = "desktop/icons";

export const builderConfig: Configuration = {
  appId: "org.paypost.till",
  productName: "Paypost",
  copyright: "Apache-2.0",
  directories: { app: "desktop/dist/app", output: "desktop/dist/installers", buildResources: icons },
  files: ["**/*", "!desktop/prebuilds/*", "desktop/prebuilds/${platform}*-${arch}.node"],
  asar: true,
  // A library is loaded by the system, which cannot look into the archive.
  asarUnpack: ["desktop/prebuilds/*"],
  // Everything is in the build already: no packages are collected, and nothing is compiled.
  beforeBuild: () => Promise.resolve(false),
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  protocols: [{ name: "Paypost enrolment", schemes: ["paypost"] }],
  fileAssociations: [
    {
      ext: enrolmentFileEnding,
      name: "Paypost enrolment",
      description: "Enrols a till with its server",
      mimeType: "application/x-paypost-enrolment",
      role: "Viewer",
    },
  ],
  publish: null,
  linux: {
    target: ["deb", "AppImage"],
    icon: `${icons}/linux`,
    category: "Office",
    synopsis: "A till for vouchers that works without a network",
    syncDesktopName: true,
    maintainer: "The Paypost maintainers <maintainers@paypost.invalid>",
  },
  win: { target: ["nsis"], icon: `${icons}/icon.png` },
  nsis: {
    oneClick: false,
    perMachine: false,
    allowToChangeInstallationDirectory: false,
    deleteAppDataOnUninstall: false,
  },
  mac: {
    target: ["dmg"],
    icon: `${icons}/icon.png`,
    category: "public.app-category.business",
    hardenedRuntime: true,
    extendInfo: { NSCameraUsageDescription: "The camera reads the codes on vouchers." },
  },
};
