/** Reads square codes from the camera and from pictures, on this machine: the reader is part of the page. */
import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import readerUrl from "zxing-wasm/reader/zxing_reader.wasm?url";
import { FileButton } from "#ui/fields.tsx";
import { Icon } from "#ui/icons.tsx";
import { Dialog } from "#ui/parts.tsx";

prepareZXingModule({ overrides: { locateFile: () => readerUrl } });
const detector = new BarcodeDetector({ formats: ["qr_code"] });

const lookAgainMs = 150;

/** The text of the first code in it; undefined where there is none, or the file is no picture. */
export async function readPicture(picture: Blob): Promise<string | undefined> {
  try {
    return (await detector.detect(picture))[0]?.rawValue;
  } catch {
    return undefined;
  }
}

/** A square code from the camera, or from a picture; undefined where the picture has none. */
export function ScanButtons({ onRead }: { readonly onRead: (text: string | undefined) => void }) {
  const { t } = useTranslation();
  const [isFilming, setFilming] = useState(false);
  return (
    <>
      <div className="row">
        <button type="button" onClick={() => setFilming(true)}>
          <Icon name="camera" />
          {t("redeem.camera")}
        </button>
        <FileButton
          icon="picture"
          label={t("redeem.picture")}
          accept="image/*"
          onFile={(picture) => void readPicture(picture).then(onRead)}
        />
      </div>
      {isFilming && (
        <Camera
          onRead={(text) => {
            setFilming(false);
            onRead(text);
          }}
          onClose={() => setFilming(false)}
        />
      )}
    </>
  );
}

interface CameraProps {
  readonly onRead: (text: string) => void;
  readonly onClose: () => void;
}

export function Camera({ onRead, onClose }: CameraProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const [isMissing, setMissing] = useState(false);
  const told = useRef(onRead);
  told.current = onRead;
  useEffect(() => {
    const ended = new AbortController();
    film(video.current, ended.signal)
      .then((text) => text !== undefined && told.current(text))
      .catch(() => setMissing(true));
    return () => ended.abort();
  }, []);
  return (
    <Dialog title={t("redeem.cameraTitle")} onClose={onClose}>
      {isMissing ? <p role="alert">{t("redeem.cameraNone")}</p> : <video ref={video} muted playsInline />}
      <button type="button" className="wide" onClick={onClose}>
        {t("common.close")}
      </button>
    </Dialog>
  );
}

/** Resolves with the first code that is seen, or with undefined at the end. Throws where there is no camera. */
async function film(video: HTMLVideoElement | null, signal: AbortSignal): Promise<string | undefined> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    if (!video) return undefined;
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const seen = await detector.detect(video).catch(() => []);
      if (seen[0]) return seen[0].rawValue;
      await new Promise((resolve) => window.setTimeout(resolve, lookAgainMs));
    }
    return undefined;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
}
