export interface Position {
  longitude: number
  latitude: number
}

const PATIENCE_MS = 10_000

/** Where this device is; null when it does not know, or its owner does not want to tell. */
export function whereIAm(): Promise<Position | null> {
  return new Promise((done) => {
    if (!('geolocation' in navigator)) return done(null)
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done({ longitude: coords.longitude, latitude: coords.latitude }),
      () => done(null),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 60_000 },
    )
  })
}
